using Kalends.Appointments;
using Kalends.Audit;
using Kalends.Availability;
using Kalends.Storage;
using Kalends.Tests.Audit;
using NodaTime;
using static Kalends.Tests.Storage.Examples;

namespace Kalends.Tests.Storage;

/// <summary>What is old is dropped from the trail, and what is left still tells a whole story.</summary>
public abstract partial class StoreContract
{
    /// <summary>Long before any of the days in the other examples, and before today.</summary>
    private static readonly Instant Early = Instant.FromUtc(2025, 1, 10, 10, 0);

    private static readonly int EarlySecond = (int)(Early - Now).TotalSeconds;

    private static Instant After(int seconds) => Early + Duration.FromSeconds(seconds);

    [Fact]
    public async Task What_is_old_and_sealed_is_dropped_with_all_that_hangs_on_it()
    {
        var ana = await LivedLong();
        Assert.Equal(new(0, 0), await Drop(After(4)));
        Assert.Null(await Dropped());
        await Chain.SealWhole(Store, Tenant, perSeal: 2);
        await using (var session = await Store.Read(Tenant, Stopped))
        {
            Assert.Equal(4, await session.Rows<IRetentionRows>().Count(After(4)));
            Assert.Equal(4 + 3, await session.Rows<IEventRows>().Count(Early, After(4)));
        }

        Assert.Equal(new(4, 0), await Drop(After(4)));
        Assert.Equal(new(0, 0), await Drop(After(4)));
        await IsSound(Tenant);
        var dropped = (await Dropped())!;
        Assert.Equal((After(4), 4, 2), (dropped.KeptFrom, dropped.Entries, dropped.Seals));
        await using var after = await Store.Read(Tenant, Stopped);
        Assert.Equal(0, await after.Rows<IRetentionRows>().Count(After(4)));
        Assert.Equal(0, await after.Rows<IEventRows>().Count(Early, After(4)));
        var rows = after.Rows<ITrailRows>();
        Assert.Equal(["1.2", "2.2"], await Told(rows, new() { Calendar = ana, From = Early.ToUnixTimeSeconds(), To = After(100).ToUnixTimeSeconds() }));
        Assert.Empty(await Told(rows, new() { Appointment = Id(3) }));
        Assert.Equal([true, true, false], (await after.Rows<ISealRows>().Page(0, 3)).Select(seal => seal.Digests is null));
        Assert.Equal([(Id(3), 4L), (Id(2), 5L), (Id(1), 6L)], (await after.Rows<IChangeRows>().Since(ana, 0, 9)).Select(one => (one.Appointment, one.CalendarVersion)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Whoever_is_stopped_between_two_transactions_leaves_a_sound_store_and_the_rest_to_the_next(int perBatch)
    {
        await LivedLong();
        await Chain.SealWhole(Store, Tenant, perSeal: 4);
        using var stopping = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            await Retention.Run(Store, Tenant, After(100), _ => stopping.Cancel(), stopping.Token, perBatch));
        Assert.Equal(perBatch, (await Dropped())!.Entries);
        await IsSound(Tenant);
        var told = new List<long>();
        Assert.Equal(6 - perBatch, await Retention.Run(Store, Tenant, After(100), told.Add, Stopped, perBatch));
        Assert.Equal(6 - perBatch, told.Sum());
        await IsSound(Tenant);
        Assert.Equal((6, 2), ((await Dropped())!.Entries, (await Dropped())!.Seals));
    }

    [Fact]
    public async Task What_came_after_something_young_stays_and_a_command_may_go_in_part()
    {
        var ana = await Commit(session => session.Key(Ana));
        await SaveTogether(Early, ana, 1, 2, 3);
        await SaveTogether(After(50), ana, 4);
        await SaveTogether(Early, ana, 5);
        await Chain.SealWhole(Store, Tenant);
        Assert.Equal(new(2, 0), await Drop(After(1), most: 2));
        await IsSound(Tenant);
        Assert.Equal(new(1, 0), await Drop(After(1), most: 2));
        Assert.Equal(new(0, 0), await Drop(After(1), most: 2));
        await IsSound(Tenant);
        await using var session = await Store.Read(Tenant, Stopped);
        Assert.Equal(["5.1", "4.1"], (await Told(session.Rows<ITrailRows>(), new() { Calendar = ana }))[..2]);
    }

    [Fact]
    public async Task Those_who_drop_at_once_beside_writers_and_who_seals_drop_each_entry_once()
    {
        var ana = await Commit(session => session.Key(Ana));
        await SaveTogether(Early, ana, [.. Enumerable.Range(1, 40)]);
        await Chain.SealWhole(Store, Tenant, perSeal: 7);
        var dropping = Enumerable.Range(0, 4).Select(_ => Task.Run(async () => await Retention.Run(Store, Tenant, After(1), null, Stopped, perBatch: 3))).ToList();
        var writing = Enumerable.Range(41, 20).Select(number => Task.Run(() => SaveTogether(Now, ana, number)));
        await Task.WhenAll([.. dropping, .. writing, Task.Run(async () => await Chain.Seal(Store, Tenant, perSeal: 5))]);
        Assert.Equal(40, (await Task.WhenAll(dropping)).Sum());
        Assert.Equal(40, (await Dropped())!.Entries);
        await IsSound(Tenant);
    }

    [Fact]
    public async Task Tenants_keep_their_own_trails()
    {
        await LivedLong();
        await Commit(async session => await session.Create(Booking(1, await session.Key(Ana), From, To)), "globex");
        await Chain.SealWhole(Store, Tenant);
        await Chain.SealWhole(Store, "globex");
        Assert.Equal(6, await Retention.Run(Store, Tenant, After(100), null, Stopped));
        await IsSound(Tenant);
        await IsSound("globex");
        await using var other = await Store.Read("globex", Stopped);
        Assert.Null(await other.Rows<IRetentionRows>().Dropped());
        Assert.Single(await Told(other.Rows<ITrailRows>(), new() { Appointment = Id(1) }));
    }

    [Fact]
    public async Task It_is_known_which_versions_were_dropped_and_what_was_there_at_any_moment_since()
    {
        var ana = await LivedLong();
        await Chain.SealWhole(Store, Tenant);
        await using (var before = await Store.Read(Tenant, Stopped))
        {
            Assert.False(await before.Rows<IRetentionRows>().AnyDropped(new Dictionary<long, long> { [ana] = 0 }));
        }

        await Drop(After(4));
        await using var session = await Store.Read(Tenant, Stopped);
        var (retention, changes, rows) = (session.Rows<IRetentionRows>(), session.Rows<IChangeRows>(), session.Rows<ITrailRows>());
        Assert.True(await retention.AnyDropped(new Dictionary<long, long> { [ana + 1] = 0, [ana] = 3 }));
        Assert.False(await retention.AnyDropped(new Dictionary<long, long> { [ana] = 4 }));
        Assert.False(await retention.AnyDropped(new Dictionary<long, long>()));
        Assert.Equal(4, (await changes.VersionsAt([ana], After(4).ToUnixTimeSeconds()))[ana]);
        Assert.Equal(5, (await changes.VersionsAt([ana], After(5).ToUnixTimeSeconds()))[ana]);
        var then = await changes.AsOf([Id(1), Id(2), Id(3)], new Dictionary<long, long> { [ana] = 4 });
        Assert.Equal([Id(1), Id(2)], then.Keys.Order());
        Assert.Equal(["1.2", "2.2"], (await rows.FirstOf([Id(1), Id(2), Id(3)], After(4).ToUnixTimeSeconds())).OrderBy(pair => pair.Key).Select(pair => Told(pair.Value)));
        Assert.Equal(["1.2"], (await rows.FirstOf([Id(1), Id(2)], After(5).ToUnixTimeSeconds())).Values.Select(Told));
    }

    [Fact]
    public async Task What_occurrences_said_first_by_themselves_is_known_beyond_a_cut()
    {
        var ana = await Commit(session => session.Key(Ana));
        Booking Occurrence(int number, long version) => Booking(number, ana, From, To, Busyness.Busy, version, ana) is var booking
            ? booking with { Appointment = booking.Appointment with { Series = Id(1), Detached = true } } : throw new InvalidOperationException();
        await Save(1, Ana, ChangeKind.Created, null, Booking(1, ana, From, To));
        await Save(2, Ana, ChangeKind.Created, null, Occurrence(2, 1), Id(1));
        await Save(3, Ana, ChangeKind.Created, null, Occurrence(3, 1), Id(1));
        await Save(4, Ana, ChangeKind.Modified, Occurrence(2, 1), Occurrence(2, 2), Id(1));
        await using var session = await Store.Read(Tenant, Stopped);
        var rows = session.Rows<ITrailRows>();
        Assert.Empty(await rows.FirstOfOccurrences(Id(1), TrailCut.Now));
        Assert.Equal(["2.2", "3.1"], (await rows.FirstOfOccurrences(Id(1), new(long.MaxValue, Second(2)))).Select(Told).Order());
        var second = (await rows.LastOf([Id(2)], Second(2)))[Id(2)].Seq;
        Assert.Equal(["2.2", "3.1"], (await rows.FirstOfOccurrences(Id(1), new(second, long.MaxValue))).Select(Told).Order());
        Assert.Equal(["2.1", "3.1"], (await rows.FirstOfOccurrences(Id(1), new(0, long.MaxValue))).Select(Told).Order());
    }

    [Fact]
    public async Task Views_of_earlier_days_are_dropped_with_it()
    {
        await Commit(session => session.Key(Ana));
        var (day, before) = (Early.InUtc().Date, Retention.Before(Early + Duration.FromDays(91), 90));
        Assert.Equal(before, Instant.FromUtc(2025, 1, 11, 0, 0));
        await Commit(async session => await session.Rows<IEngagementWrites>().Add(
            [new(day.PlusDays(-1), Ana, Ben, 1), new(day, Ana, Ben, 2), new(day, Ana, Ana, 2), new(day.PlusDays(1), Ana, Ben, 3)]));
        Assert.Equal(new(0, 2), await Drop(before, most: 2));
        Assert.Equal(0, await Retention.Run(Store, Tenant, before, null, Stopped, perBatch: 2));
        Assert.Equal((before, 0, 0), ((await Dropped())!.KeptFrom, (await Dropped())!.Seq, (await Dropped())!.Entries));
        await using var session = await Store.Read(Tenant, Stopped);
        var left = await session.Rows<IEngagementRows>().Views(new(0, 100_000, null), null, 10);
        Assert.Equal(3, Assert.Single(left).Row.Views);
        await IsSound(Tenant);
    }

    /// <summary>Of six entries of six commands the first four make versions 1 to 4 of Ana's calendar: 3 has no more, 1 and 2 are changed once again.</summary>
    private async Task<long> LivedLong()
    {
        var ana = await Commit(session => session.Key(Ana));
        var bookings = Enumerable.Range(0, 4).Select(number => Booking(number, ana, From, To)).ToList();
        await Save(EarlySecond, Ana, ChangeKind.Created, null, bookings[1]);
        await Save(EarlySecond + 1, Ana, ChangeKind.Created, null, bookings[2]);
        await Commit(async session => await session.Rows<ITrailWrites>().Append(Command() with { At = After(2) }, [], [ana]));
        await Save(EarlySecond + 3, Ana, ChangeKind.Created, null, bookings[3]);
        await Save(EarlySecond + 5, Ben, ChangeKind.Modified, bookings[2], Booking(2, ana, From, To, Busyness.Busy, 2, ana));
        await Save(EarlySecond + 6, Ben, ChangeKind.Modified, bookings[1], Booking(1, ana, From, To, Busyness.Busy, 2, ana));
        return ana;
    }

    private Task SaveTogether(Instant at, long ana, params int[] numbers) => Commit(async session =>
    {
        var bookings = numbers.Select(number => Booking(number, ana, From, To)).ToList();
        await session.Rows<IAppointmentWrites>().Save(bookings);
        await session.Rows<ITrailWrites>().Append(Command() with { At = at }, [.. bookings.Select(booking => Change(ChangeKind.Created, null, booking))], []);
    });

    private Task<DroppedRows> Drop(Instant before, int most = 100) => Commit(session => session.Rows<IRetentionWrites>().Drop(before, most));

    private async Task<DroppedTrail?> Dropped()
    {
        await using var session = await Store.Read(Tenant, Stopped);
        return await session.Rows<IRetentionRows>().Dropped();
    }

    private async Task IsSound(string tenant)
    {
        Assert.Empty(await Broken());
        Assert.Empty((await Chain.Of(Store, tenant)).Findings);
    }
}
