using Kalends.Appointments;
using Kalends.Availability;
using Kalends.Storage;
using static Kalends.Tests.Storage.Examples;

namespace Kalends.Tests.Storage;

/// <summary>The trail, the change log of each calendar, versions.</summary>
public abstract partial class StoreContract
{
    [Fact]
    public async Task Each_change_raises_the_version_of_each_calendar_it_lies_on_by_one()
    {
        await Commit(async session =>
        {
            var (ana, ben, _) = (await session.Key(Ana), await session.Key(Ben), await session.Key(Room));
            return await session.Create(Booking(1, ana, From, To, ana, ben), Booking(2, ana, From, To, ana));
        });
        await using var session = await Store.Read(Tenant, Stopped);
        var calendars = await session.Rows<ICalendarRows>().Find([Ana, Ben, Room]);
        var changes = session.Rows<IChangeRows>();
        Assert.Equal((2, 1, 0), (calendars[Ana].Version, calendars[Ben].Version, calendars[Room].Version));
        Assert.Equal([new(1, Id(1), 1, 1, false), new(2, Id(2), 1, 2, false)], await changes.Since(calendars[Ana].Key, 0, 10));
        Assert.Equal([new(1, Id(1), 1, 1, false)], await changes.Since(calendars[Ben].Key, 0, 10));
        Assert.Empty(await changes.Since(calendars[Ana].Key, 2, 10));
        Assert.Equal(Id(1), Assert.Single(await changes.Since(calendars[Ana].Key, 0, 1)).Appointment);
    }

    [Fact]
    public async Task The_change_log_holds_the_last_change_and_when_it_was_created()
    {
        var (first, second) = await Commit(async session =>
        {
            var ana = await session.Key(Ana);
            var (one, two) = (Booking(1, ana, From, To), Booking(2, ana, From, To));
            await session.Create(one, two);
            return (one, two);
        });
        var moved = Booking(1, first.Appointment.Owner, From, To + Hour, Busyness.Busy, 2);
        await Commit(session => session.Replace(first, moved));
        await Commit(session => session.Delete(second));
        await using var session = await Store.Read(Tenant, Stopped);
        var log = await session.Rows<IChangeRows>().Since(first.Appointment.Owner, 0, 10);
        Assert.Equal([new(3, Id(1), 2, 1, false), new(4, Id(2), 1, 2, true)], log);
        Assert.Empty(await Broken());
    }

    [Fact]
    public async Task What_is_made_again_after_it_was_deleted_is_created_anew()
    {
        var booking = await Commit(async session =>
        {
            var made = Booking(1, await session.Key(Ana), From, To);
            await session.Create(made);
            await session.Delete(made);
            return made;
        });
        var again = Booking(1, booking.Appointment.Owner, From, To, Busyness.Busy, 2);
        await Commit(session => session.Create(again));
        await using var session = await Store.Read(Tenant, Stopped);
        var log = await session.Rows<IChangeRows>().Since(booking.Appointment.Owner, 0, 10);
        Assert.Equal([new(3, Id(1), 2, 3, false)], log);
        Assert.Empty(await Broken());
    }

    [Fact]
    public async Task A_calendar_that_leaves_sees_it_deleted_and_one_that_joins_sees_it_created()
    {
        var (ana, ben, room) = await Commit(async session =>
        {
            var keys = (await session.Key(Ana), await session.Key(Ben), await session.Key(Room));
            var before = Booking(1, keys.Item1, From, To, keys.Item1, keys.Item2);
            await session.Create(before);
            var after = Booking(1, keys.Item1, From, To, Busyness.Busy, 2, keys.Item1, keys.Item3);
            await session.Rows<IAppointmentWrites>().Save([after]);
            await session.Rows<ITrailWrites>().Append(Command(), [Change(ChangeKind.Modified, before, after,
                [new(keys.Item1, ChangeKind.Modified), new(keys.Item2, ChangeKind.Deleted), new(keys.Item3, ChangeKind.Created)])], []);
            return (keys.Item1, keys.Item2, keys.Item3);
        });
        await using var session = await Store.Read(Tenant, Stopped);
        var rows = session.Rows<IChangeRows>();
        Assert.Equal([new(2, Id(1), 2, 1, false)], await rows.Since(ana, 0, 10));
        Assert.Equal([new(2, Id(1), 2, 1, true)], await rows.Since(ben, 0, 10));
        Assert.Equal([new(1, Id(1), 2, 1, false)], await rows.Since(room, 0, 10));
        Assert.Empty(await Broken());
    }

    [Fact]
    public async Task A_command_that_changed_no_appointment_is_in_the_trail_all_the_same()
    {
        var first = await Commit(async session => await session.Create(Booking(1, await session.Key(Ana), From, To)));
        var second = await Commit(session => session.Rows<ITrailWrites>().Append(Command(), [], []));
        Assert.True(second > first);
        await using var session = await Store.Read(Tenant, Stopped);
        Assert.Equal(1, (await session.Rows<ICalendarRows>().Find([Ana]))[Ana].Version);
        Assert.Empty(await Broken());
    }

    [Fact]
    public async Task What_an_appointment_said_is_known_as_of_a_moment()
    {
        var ana = await Commit(async session =>
        {
            var key = await session.Key(Ana);
            await session.Create(Booking(1, key, From, To), Booking(2, key, From, To));
            return key;
        });
        await Commit(session => session.Replace(Booking(1, ana, From, To), Booking(1, ana, From + Day, To + Day, Busyness.Busy, 2, ana)));
        await Commit(session => session.Create(Booking(3, ana, From, To)));
        await using var session = await Store.Read(Tenant, Stopped);
        var rows = session.Rows<IChangeRows>();
        Assert.Equal([Id(1), Id(3)], (await rows.ChangedSince(Moment(2))).Order());
        var then = await rows.AsOf([Id(1), Id(2), Id(3)], Moment(2));
        Assert.Equal([Id(1)], then.Keys);
        Assert.Equal(Booking(1, ana, From, To).Appointment.Json, then[Id(1)]);
        Assert.Empty(await rows.AsOf([Id(1), Id(2), Id(3)], Moment(4)));
        Assert.Empty(await rows.ChangedSince(Moment(4)));
        Guid[] all = [Id(1), Id(2), Id(3), Id(9)];
        Assert.Equal([Id(1), Id(1), Id(2), Id(3)], (await rows.Between(all, ana, 0, 4)).Select(one => one.Appointment).Order());
        Assert.Equal([Id(1)], (await rows.Between(all, ana, 2, 3)).Select(one => one.Appointment));
        Assert.Equal(Booking(1, ana, From + Day, To + Day, Busyness.Busy, 2, ana).Appointment.Json, Assert.Single(await rows.Between(all, ana, 2, 3)).Said);
        Assert.Empty(await rows.Between([Id(2), Id(9)], ana, 2, 4));
        Assert.Empty(await rows.Between(all, ana + 1, 0, 4));
        Assert.Empty(await rows.Between(all, ana, 4, 9));

        Dictionary<long, long> Moment(long version) => new() { [ana] = version };
    }

    [Fact]
    public async Task The_version_of_a_moment_is_the_last_one_begun_by_then_however_late_it_was_committed()
    {
        // Begun at 0, 10, 30 and, committed after that, 20 seconds past; the last two of one appointment.
        var (ana, at) = (await Commit(session => session.Key(Ana)), Now.ToUnixTimeSeconds());
        await Save(0, 1, 1);
        await Save(10, 2, 1);
        await Save(30, 3, 1);
        await Save(20, 2, 2);
        await Save(40, 2, 3);
        await Commit(async session => await session.Rows<ITrailWrites>().Append(Command() with { At = Now + NodaTime.Duration.FromSeconds(50) }, [], [ana]));
        await using var session = await Store.Read(Tenant, Stopped);
        var rows = session.Rows<IChangeRows>();
        foreach (var (second, version) in new[] { (-1, 0), (0, 1), (9, 1), (10, 2), (19, 2), (20, 4), (29, 4), (30, 4), (39, 4), (40, 5), (60, 5) })
        {
            Assert.Equal(new Dictionary<long, long> { [ana] = version }, await rows.VersionsAt([ana], at + second));
        }

        Assert.Empty(await rows.VersionsAt([], at));
        Assert.Equal(0, (await rows.VersionsAt([ana + 7], at))[ana + 7]);
        Assert.Empty(await Broken());

        Task Save(int second, int number, long version) => Commit(async session =>
        {
            var (before, after) = (Booking(number, ana, From, To, Busyness.Busy, version - 1, ana), Booking(number, ana, From, To, Busyness.Busy, version, ana));
            await session.Rows<IAppointmentWrites>().Save([after]);
            var change = version == 1 ? Change(ChangeKind.Created, null, after) : Change(ChangeKind.Modified, before, after);
            await session.Rows<ITrailWrites>().Append(Command() with { At = Now + NodaTime.Duration.FromSeconds(second) }, [change], []);
        });
    }

    [Fact]
    public async Task What_an_appointment_said_last_is_known_when_it_is_gone()
    {
        await Commit(async session =>
        {
            var ana = await session.Key(Ana);
            await session.Create(Booking(1, ana, From, To), Booking(2, ana, From, To));
            await session.Replace(Booking(1, ana, From, To), Booking(1, ana, From + Hour, To + Hour, Busyness.Busy, 2, ana));
            await session.Delete(Booking(2, ana, From, To));
        });
        await using var session = await Store.Read(Tenant, Stopped);
        var last = await session.Rows<IChangeRows>().LastSaid([Id(1), Id(2), Id(9)]);
        Assert.Equal([Id(1), Id(2)], last.Keys.Order());
        Assert.Contains("\"version\":2", System.Text.Encoding.UTF8.GetString(last[Id(1)]), StringComparison.Ordinal);
        Assert.Equal(Booking(2, 1, From, To).Appointment.Json, last[Id(2)]);
    }

    [Fact]
    public async Task A_calendar_that_is_only_touched_has_another_version_and_one_that_changed_besides_has_no_third()
    {
        await Commit(async session => await session.Create(Booking(1, await session.Key(Ana), From, To)));
        await Commit(async session => await session.Rows<ITrailWrites>().Append(Command(), [], [await session.Key(Ana)]));
        await using (var session = await Store.Read(Tenant, Stopped))
        {
            var calendar = (await session.Rows<ICalendarRows>().Find([Ana]))[Ana];
            Assert.Equal(2, calendar.Version);
            Assert.Empty(await session.Rows<IChangeRows>().Since(calendar.Key, 1, 10));
        }

        await Commit(async session =>
        {
            var (ana, booking) = (await session.Key(Ana), Booking(2, await session.Key(Ana), From, To));
            await session.Rows<IAppointmentWrites>().Save([booking]);
            return await session.Rows<ITrailWrites>().Append(Command(), [Change(ChangeKind.Created, null, booking)], [ana]);
        });
        await using var after = await Store.Read(Tenant, Stopped);
        Assert.Equal(3, (await after.Rows<ICalendarRows>().Find([Ana]))[Ana].Version);
        Assert.Empty(await Broken());
    }

    [Fact]
    public async Task Versions_of_tenants_are_their_own()
    {
        await Commit(async session => await session.Create(Booking(1, await session.Key(Ana), From, To)));
        await Commit(async session => await session.Create(Booking(1, await session.Key(Ana), From, To)), "globex");
        await using var session = await Store.Read(Tenant, Stopped);
        Assert.Equal(1, (await session.Rows<ICalendarRows>().Find([Ana]))[Ana].Version);
        Assert.Empty(await Broken());
    }
}
