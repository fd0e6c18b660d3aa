using Kalends.Appointments;
using Kalends.Audit;
using Kalends.Storage;
using Kalends.Storage.Postgres;
using Kalends.Tests.Postgres;
using Kalends.Tests.Storage;
using NodaTime;
using static Kalends.Tests.Storage.Examples;

namespace Kalends.Tests.Audit;

/// <summary>On PostgreSQL the order of numbers is not the order of commits: who was given a number early may commit late.</summary>
public sealed class SlowWritersTests : IAsyncLifetime
{
    private const string Tenant = "acme";

    private static readonly Instant Old = Instant.FromUtc(2025, 1, 10, 10, 0);

    private string database = "";
    private PostgresStore store = null!;

    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => store = new(database = await PrivateCluster.Database());

    public async ValueTask DisposeAsync()
    {
        await store.DisposeAsync();
        await PrivateCluster.Drop(database);
    }

    [Fact]
    public async Task What_was_numbered_before_a_seal_and_committed_after_it_is_in_the_next()
    {
        await Write(1);
        await using var slow = await store.Write(Tenant, Stopped);
        var early = await slow.Create(Booking(2, await slow.Key(Room), 0, Hour));
        for (var number = 3; number < 6; number++)
        {
            // Each seal knows of a higher number than the one that is not there yet.
            Assert.True(await Write(number) > early);
            Assert.Equal(number == 3 ? 2 : 1, await Chain.Seal(store, Tenant));
        }

        Assert.Equal(0, await Chain.Seal(store, Tenant));
        Assert.Equal((4, 0), await Counts());
        await slow.Commit(Stopped);
        Assert.Equal((4, 1), await Counts());
        await Chain.Settled(store, Tenant, 5);
        Assert.Equal(1, await Chain.Seal(store, Tenant));
        Assert.Equal(0, await Chain.Seal(store, Tenant));
        Assert.Equal((5, 0), await Counts());
        await using var session = await store.Read(Tenant, Stopped);
        var seals = await session.Rows<ISealRows>().Page(0, 10);
        Assert.Equal([early], seals[^1].Covered().Select(entry => entry.Seq));
        Assert.Equal([0, 0, 0, 5], seals.Select(seal => seal.Whole));
        Assert.Empty(await session.Rows<ISealRows>().CoveredBeyond(5));
        Assert.Equal([3, 4, 5], (await session.Rows<ISealRows>().CoveredBeyond(2)).Order());
    }

    [Fact]
    public async Task Who_began_last_and_is_not_over_is_waited_for_though_no_snapshot_counts_them()
    {
        await Write(1);
        await using var older = await store.Write(Tenant, Stopped);
        var ana = await older.Key(Ana);
        await using var younger = await store.Write(Tenant, Stopped);
        var early = await younger.Create(Booking(2, await younger.Key(Room), 0, Hour));
        Assert.True(await older.Create(Booking(3, ana, 0, Hour)) > early);
        await older.Commit(Stopped);
        Assert.Equal(2, await Chain.Seal(store, Tenant));
        await using (var during = await store.Read(Tenant, Stopped))
        {
            Assert.Equal(0, await during.Rows<ISealRows>().Settled());
        }

        await younger.Commit(Stopped);
        Assert.Equal((2, 1), await Counts());
        Assert.Equal(1, await Chain.Seal(store, Tenant));
        Assert.Equal((3, 0), await Counts());
    }

    [Fact]
    public async Task What_never_commits_keeps_nothing_open()
    {
        await Write(1);
        await using (var slow = await store.Write(Tenant, Stopped))
        {
            await slow.Create(Booking(2, await slow.Key(Room), 0, Hour));
            await Write(3);
            Assert.Equal(2, await Chain.Seal(store, Tenant));
            await using var during = await store.Read(Tenant, Stopped);
            Assert.Equal(0, await during.Rows<ISealRows>().Settled());
        }

        await Chain.Settled(store, Tenant, 3);
        Assert.Equal((2, 0), await Counts());
    }

    [Fact]
    public async Task What_was_numbered_early_and_commits_late_is_not_passed_over_when_what_is_old_is_dropped()
    {
        await Write(1, Old);
        await using var slow = await store.Write(Tenant, Stopped);
        var early = await slow.Create(Booking(2, await slow.Key(Room), 0, Hour));
        await Write(3, Old);
        await Chain.Seal(store, Tenant);
        await Write(4, Old);
        await Chain.Seal(store, Tenant);
        Assert.Equal(0, await Retention.Run(store, Tenant, Old + Duration.FromDays(1), null, Stopped));
        await slow.Commit(Stopped);
        await Chain.SealWhole(store, Tenant);

        // It is younger, and so keeps what was numbered after it.
        Assert.Equal(1, await Retention.Run(store, Tenant, Old + Duration.FromDays(1), null, Stopped));
        await using var session = await store.Read(Tenant, Stopped);
        Assert.Equal(early, (await session.Rows<ISealRows>().Entries(0, long.MaxValue, new HashSet<long>(), 1))[0].Seq);
        Assert.Empty((await Chain.Of(store, Tenant)).Findings);
        Assert.Empty(await store.FindBroken(Stopped).ToListAsync(Stopped));
    }

    [Fact]
    public async Task Nobody_waits_for_who_seals()
    {
        await Write(1);
        await using var seals = await store.Write(Tenant, Stopped);
        await using (var reading = await store.Read(Tenant, Stopped))
        {
            var rows = reading.Rows<ISealRows>();
            Assert.True(await seals.Rows<ISealWrites>().Add(Seal.After(null, Now, 1, await rows.Entries(0, 9, new HashSet<long>(), 9))));
        }

        // Before it is committed.
        await Write(2).WaitAsync(TimeSpan.FromSeconds(20), Stopped);
        await seals.Commit(Stopped);
        Assert.Equal((1, 1), await Counts());
    }

    [Fact]
    public async Task A_role_that_only_serves_seals_and_cannot_change_a_seal()
    {
        var service = PrivateCluster.AsService(database);
        await using var serving = new PostgresStore(service);
        await Write(1);
        Assert.Equal(1, await Chain.Seal(serving, Tenant));
        Assert.Empty((await Chain.Of(serving, Tenant)).Findings);
        foreach (var attempt in new[] { "UPDATE trail_seal SET entries = 2", "DELETE FROM trail_seal", "INSERT INTO trail_erasure VALUES (1, 1, true, gen_random_uuid(), '')" })
        {
            var refusal = await Assert.ThrowsAsync<Npgsql.PostgresException>(() => PrivateCluster.Execute(service, $"SET LOCAL kalends.tenant = 1; {attempt}"));
            Assert.Equal(Npgsql.PostgresErrorCodes.InsufficientPrivilege, refusal.SqlState);
        }
    }

    private async Task<(long Sealed, long Unsealed)> Counts()
    {
        var chain = await Chain.Of(store, Tenant);
        Assert.Empty(chain.Findings);
        return (chain.Sealed, chain.Unsealed);
    }

    private async Task<long> Write(int number, Instant? at = null)
    {
        await using var session = await store.Write(Tenant, Stopped);
        var booking = Booking(number, await session.Key(Ana), 0, Hour);
        await session.Rows<IAppointmentWrites>().Save([booking]);
        var last = await session.Rows<ITrailWrites>().Append(Command() with { At = at ?? Now }, [Change(ChangeKind.Created, null, booking)], []);
        await session.Commit(Stopped);
        return last;
    }
}
