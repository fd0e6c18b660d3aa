using Kalends.Appointments;
using Kalends.Availability;
using Kalends.Storage;
using static Kalends.Tests.Storage.Examples;

namespace Kalends.Tests.Storage;

/// <summary>Appointments: saving, replacing, deleting, and the ways to read them.</summary>
public abstract partial class StoreContract
{
    [Fact]
    public async Task An_appointment_reads_as_it_was_saved()
    {
        var saved = await Commit(async session =>
        {
            var booking = Booking(1, await session.Key(Ana), From, To);
            await session.Create(booking with { Appointment = booking.Appointment with { Title = "" } }, Booking(2, await session.Key(Ana), From, To));
            return booking.Appointment with { Title = "" };
        });
        await using var session = await Store.Read(Tenant, Stopped);
        var found = await session.Rows<IAppointmentRows>().Find([Id(1), Id(3)]);
        Assert.Equivalent(saved, Assert.Single(found).Value, strict: true);
    }

    [Fact]
    public async Task A_title_keeps_every_character()
    {
        var title = "null \0, a pile 💩, \r\n" + new string('é', 2_000);
        await Commit(async session =>
        {
            var booking = Booking(1, await session.Key(Ana), From, To);
            await session.Create(booking with { Appointment = booking.Appointment with { Title = title } });
        });
        await using var session = await Store.Read(Tenant, Stopped);
        Assert.Equal(title, (await session.Rows<IAppointmentRows>().Find([Id(1)]))[Id(1)].Title);
    }

    [Fact]
    public async Task Replacing_an_appointment_replaces_all_its_attendances()
    {
        var after = await Commit(async session =>
        {
            var (ana, ben, room) = (await session.Key(Ana), await session.Key(Ben), await session.Key(Room));
            var before = Booking(1, ana, From, To, ana, ben);
            await session.Create(before);
            var moved = Booking(1, ana, From + Day, To + Day, Busyness.Tentative, 2, ana, room);
            await session.Rows<IAppointmentWrites>().Save([moved]);
            await session.Rows<ITrailWrites>().Append(Command(), [Change(ChangeKind.Modified, before, moved,
                [new(ana, ChangeKind.Modified), new(ben, ChangeKind.Deleted), new(room, ChangeKind.Created)])], []);
            return moved;
        });
        await using var session = await Store.Read(Tenant, Stopped);
        var rows = session.Rows<IAppointmentRows>();
        Assert.Equal(after.Attendances, await rows.Attendances([Id(1)]));
        Assert.Equal(2, (await rows.Find([Id(1)]))[Id(1)].Version);
        Assert.Empty(await session.Rows<IAttendanceRows>().Overlapping([1, 2, 3], From, To, blockingOnly: false));
        Assert.Empty(await Broken());
    }

    [Fact]
    public async Task A_deleted_appointment_is_gone_from_every_calendar()
    {
        var ben = await Commit(async session =>
        {
            var (ana, other) = (await session.Key(Ana), await session.Key(Ben));
            var booking = Booking(1, ana, From, To, ana, other);
            await session.Create(booking);
            await session.Delete(booking);
            return other;
        });
        await using var session = await Store.Read(Tenant, Stopped);
        var rows = session.Rows<IAppointmentRows>();
        Assert.Empty(await rows.Find([Id(1)]));
        Assert.Empty(await rows.Attendances([Id(1)]));
        Assert.Empty(await rows.OnCalendar(ben, null, 10));
        Assert.Empty(await session.Rows<IAttendanceRows>().Overlapping([ben], From, To, blockingOnly: false));
        Assert.Empty(await Broken());
    }

    [Fact]
    public async Task Of_several_appointments_with_one_uid_the_oldest_of_that_owner_is_found()
    {
        var ana = await Commit(async session =>
        {
            var (key, ben) = (await session.Key(Ana), await session.Key(Ben));
            await session.Create([.. new[] { (3, key), (2, key), (1, ben) }.Select(at =>
            {
                var booking = Booking(at.Item1, at.Item2, From, To);
                return booking with { Appointment = booking.Appointment with { Uid = "same" } };
            })]);
            return key;
        });
        await using var session = await Store.Read(Tenant, Stopped);
        var found = await session.Rows<IAppointmentRows>().FindByUid(ana, ["same", "other"]);
        Assert.Equal(Id(2), Assert.Single(found).Value.Id);
    }

    [Fact]
    public async Task Pages_by_id_are_complete_and_a_calendars_include_what_it_owns_without_attending()
    {
        var (ana, ben) = await Commit(async session =>
        {
            var keys = (await session.Key(Ana), await session.Key(Ben));
            await session.Create([.. Enumerable.Range(1, 20).Select(number => Booking(number, keys.Item1, From, To, number % 2 == 0 ? keys.Item1 : keys.Item2))]);
            return keys;
        });
        await using var session = await Store.Read(Tenant, Stopped);
        var rows = session.Rows<IAppointmentRows>();
        Assert.Equal(Enumerable.Range(1, 20).Select(Id), await Ids(rows.Page));
        Assert.Equal(20, await rows.Count());
        Assert.Equal(Enumerable.Range(1, 20).Select(Id), await Ids((after, limit) => rows.OnCalendar(ana, after, limit)));
        Assert.Equal(Enumerable.Range(1, 20).Where(number => number % 2 == 1).Select(Id), await Ids((after, limit) => rows.OnCalendar(ben, after, limit)));
    }

    private static async Task<List<Guid>> Ids(Func<Guid?, int, ValueTask<IReadOnlyList<AppointmentRow>>> read)
    {
        var ids = new List<Guid>();
        while (await read(ids.Count == 0 ? null : ids[^1], 7) is { Count: > 0 } page)
        {
            ids.AddRange(page.Select(row => row.Id));
        }

        return ids;
    }
}
