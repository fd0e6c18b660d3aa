using Kalends.Appointments;
using Kalends.Audit;
using Kalends.Availability;
using Kalends.Storage;
using static Kalends.Tests.Storage.Examples;

namespace Kalends.Tests.Storage;

/// <summary>
/// What every store promises, port by port, whatever database stands behind it. A database adds a class of ten lines that makes
/// its store. This file: sessions and tenants.
/// </summary>
public abstract partial class StoreContract : IAsyncLifetime
{
    protected const string Tenant = "acme";

    protected static CancellationToken Stopped => TestContext.Current.CancellationToken;

    protected IStore Store { get; private set; } = null!;

    /// <summary>An empty store; it need not have been migrated.</summary>
    protected abstract ValueTask<IStore> Make();

    public async ValueTask InitializeAsync()
    {
        Store = await Make();
        await Store.Migrate(Stopped);
    }

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await ((IAsyncDisposable)Store).DisposeAsync();
    }

    [Fact]
    public async Task A_migrated_store_is_ready_and_migrating_it_again_does_nothing()
    {
        Assert.True(await Store.IsReady(Stopped));
        Assert.Empty(await Store.Migrate(Stopped));
        Assert.Empty(await Broken());
    }

    [Fact]
    public async Task The_release_of_the_zones_is_the_programs_until_another_is_set()
    {
        Assert.Equal(Time.Zones.Release, await Store.ZoneRelease(Stopped));
        await Store.SetZoneRelease("2019c", Stopped);
        Assert.Equal("2019c", await Store.ZoneRelease(Stopped));
        await Store.Migrate(Stopped);
        Assert.Equal("2019c", await Store.ZoneRelease(Stopped));
        Assert.Empty(await Store.Tenants(Stopped));
    }

    [Fact]
    public async Task What_is_not_committed_is_undone()
    {
        await using (var session = await Store.Write(Tenant, Stopped))
        {
            var ana = await session.Key(Ana);
            await session.Create(Booking(1, ana, 0, Hour));
        }

        Assert.Empty(await Store.Tenants(Stopped));
        await using var after = await Store.Read(Tenant, Stopped);
        Assert.Empty(await after.Rows<ICalendarRows>().Find([Ana]));
        Assert.Empty(await after.Rows<IAppointmentRows>().Page(null, 10));
    }

    [Fact]
    public async Task What_is_written_while_more_is_worked_out_is_kept_with_the_commit_and_not_before()
    {
        await using (var session = await Store.Write(Tenant, Stopped))
        {
            await session.Key(Ana);
            await session.Commit(Stopped);
        }

        await using (var undone = await Store.Write(Tenant, Stopped))
        {
            await undone.Create(Booking(1, await undone.Key(Ana), 0, Hour));
            await undone.StartWriting(Guid.NewGuid(), Now, []);
        }

        await Commit(async session =>
        {
            var ana = await session.Key(Ana);
            await session.Rows<IAppointmentWrites>().Save([Booking(2, ana, 0, Hour)]);
            await session.StartWriting(Guid.NewGuid(), Now, []);
            await session.StartWriting(Guid.NewGuid(), Now, []);
            await session.Rows<IAppointmentWrites>().Save([Booking(3, ana, Hour, 2 * Hour)]);
            await session.StartWriting(Guid.NewGuid(), Now, []);
            Assert.Equal([Id(2), Id(3)], (await session.Rows<IAppointmentRows>().Find([Id(1), Id(2), Id(3)])).Keys.Order());
        });
        await using var after = await Store.Read(Tenant, Stopped);
        Assert.Equal([Id(2), Id(3)], (await after.Rows<IAppointmentRows>().Page(null, 10)).Select(row => row.Id));
    }

    [Fact]
    public async Task What_a_command_changed_leaves_the_same_trail_in_parts_as_at_once()
    {
        var (ana, ben, command) = (0L, 0L, Command());
        await Commit(async session => (ana, ben) = (await session.Key(Ana), await session.Key(Ben)));
        await using (var session = await Store.Write(Tenant, Stopped))
        {
            await session.Rows<ICalendarWrites>().Lock([Ana, Ben]);
            var (first, again, other) = (Booking(1, ana, 0, Hour), Booking(1, ana, Hour, 2 * Hour, Busyness.Busy, 2, ana), Booking(2, ana, 0, Hour));
            await session.Rows<IAppointmentWrites>().Save([first, other]);
            List<Change> part = [Change(ChangeKind.Created, null, first) with { HasNewId = true }, Change(ChangeKind.Created, null, other) with { HasNewId = true }];
            var begun = await session.StartWriting(command.Id, command.At, part);
            await session.Rows<IAppointmentWrites>().Save([again]);
            List<Change> rest = [Change(ChangeKind.Modified, first, again) with { HasNewId = true }];
            await session.Commit(command, begun ? rest : [.. part, .. rest], [ana, ben], Stopped);
        }

        await using var after = await Store.Read(Tenant, Stopped);
        var entries = (await after.Rows<ITrailRows>().Page(new() { Command = command.Id }, null, 10)).Reverse().ToList();
        Assert.Equal([Id(1), Id(2), Id(1)], entries.Select(entry => entry.Appointment!.Value));
        Assert.Equal([(Id(2), 2L), (Id(1), 3L)], (await after.Rows<IChangeRows>().Since(ana, 0, 9)).Select(one => (one.Appointment, one.CalendarVersion)));
        Assert.Equal([3L, 1L], (await after.Rows<ICalendarRows>().Find([Ana, Ben])).Values.OrderBy(one => one.Id.Value).Select(one => one.Version));
        Assert.Empty(await Store.FindBroken(Stopped).ToListAsync(Stopped));
    }

    [Fact]
    public async Task Disposing_twice_is_the_same_as_once()
    {
        var writing = await Store.Write(Tenant, Stopped);
        await writing.DisposeAsync();
        await using var next = await Store.Write(Tenant, Stopped);
        await writing.DisposeAsync();
        await next.Key(Ana);
        await next.Commit(Stopped);

        var reading = await Store.Read(Tenant, Stopped);
        await reading.DisposeAsync();
        await reading.DisposeAsync();
        Assert.Equal([Tenant], await Store.Tenants(Stopped));
    }

    [Fact]
    public async Task The_database_itself_refuses_to_write_on_a_reading_session()
    {
        await Commit(session => session.Key(Ana));
        await using (var reading = await Store.Read(Tenant, Stopped))
        {
            var refusal = await Assert.ThrowsAnyAsync<Exception>(async () => await reading.Rows<ICalendarWrites>().Lock([Ben]));
            Assert.IsAssignableFrom<System.Data.Common.DbException>(refusal);
        }

        await using var after = await Store.Read(Tenant, Stopped);
        Assert.Empty(await after.Rows<ICalendarRows>().Find([Ben]));
    }

    [Fact]
    public async Task A_reader_keeps_seeing_what_was_there_when_it_first_looked()
    {
        await Commit(session => session.Key(Ana));
        await using var before = await Store.Read(Tenant, Stopped);
        Assert.Single(await before.Rows<ICalendarRows>().Find([Ana]));
        await Commit(session => session.Key(Ben));
        Assert.Single(await before.Rows<ICalendarRows>().Page(null, null, 10));
        await using var after = await Store.Read(Tenant, Stopped);
        Assert.Equal(2, (await after.Rows<ICalendarRows>().Page(null, null, 10)).Count);
    }

    [Fact]
    public async Task Tenants_do_not_see_each_other()
    {
        await Commit(async session => await session.Create(Booking(1, await session.Key(Ana), 0, Hour)));
        await Commit(async session => await session.Create(Booking(1, await session.Key(Ana), 5 * Hour, 6 * Hour)), "globex");
        Assert.Equal([Tenant, "globex"], await Store.Tenants(Stopped));
        await using var unknown = await Store.Read("nobody", Stopped);
        Assert.Empty(await unknown.Rows<ICalendarRows>().Page(null, null, 10));
        await using var globex = await Store.Read("globex", Stopped);
        Assert.Equal(5 * Hour, Assert.Single(await globex.Rows<IAppointmentRows>().Page(null, 10)).From);
        await Commit(session => session.Rows<IAppointmentWrites>().Delete([Id(1)]));
        await using var still = await Store.Read("globex", Stopped);
        Assert.Single(await still.Rows<IAppointmentRows>().Page(null, 10));
    }

    [Fact]
    public async Task Waiting_to_write_ends_when_the_caller_goes()
    {
        await using var first = await Store.Write(Tenant, Stopped);
        await first.Key(Ana);
        using var gone = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await using var second = await Store.Write(Tenant, gone.Token);
            await second.Key(Ana);
            await second.Commit(gone.Token);
        });
    }

    [Fact]
    public async Task Writers_take_turns_and_none_is_lost()
    {
        var ana = await Commit(session => session.Key(Ana));
        await Task.WhenAll(Enumerable.Range(1, 40).Select(number => Task.Run(() => Commit(async session =>
        {
            // In either order: locks are taken in the order of keys.
            await session.Rows<ICalendarWrites>().Lock(number % 2 == 0 ? [Ana, Ben, Room] : [Room, Ben, Ana]);
            return await session.Create(Booking(number, ana, number * Hour, (number + 1) * Hour));
        }))));
        await using var after = await Store.Read(Tenant, Stopped);
        Assert.Equal(40, (await after.Rows<IAppointmentRows>().OnCalendar(ana, null, 100)).Count);
        Assert.Equal(40, (await after.Rows<IChangeRows>().Since(ana, 0, 100)).Count);
        Assert.Empty(await Broken());
    }

    protected async Task<T> Commit<T>(Func<IWriteSession, ValueTask<T>> work, string tenant = Tenant)
    {
        await using var session = await Store.Write(tenant, Stopped);
        var result = await work(session);
        await session.Commit(Stopped);
        return result;
    }

    protected Task Commit(Func<IWriteSession, ValueTask> work, string tenant = Tenant) => Commit(
        async session =>
        {
            await work(session);
            return true;
        },
        tenant);

    protected async Task<IReadOnlyList<string>> Broken() => await Store.FindBroken(Stopped).ToListAsync(Stopped);
}
