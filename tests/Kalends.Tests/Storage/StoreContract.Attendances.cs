using Kalends.Appointments;
using Kalends.Availability;
using Kalends.Storage;
using static Kalends.Tests.Storage.Examples;

namespace Kalends.Tests.Storage;

/// <summary>Overlap searches and holds.</summary>
public abstract partial class StoreContract
{
    /// <summary>The span that is searched; far enough from zero for what begins long before it.</summary>
    private const long From = 400 * Day;

    private const long To = From + Hour;

    [Theory]
    [InlineData(From - Hour, From, false)]
    [InlineData(From - Hour, From + 1, true)]
    [InlineData(To, To + Hour, false)]
    [InlineData(To - 1, To + Hour, true)]
    [InlineData(From + 60, From + 120, true)]
    [InlineData(From, From, true)]
    [InlineData(From + 60, From + 60, true)]
    [InlineData(To, To, false)]
    [InlineData(From - 1, From - 1, false)]
    [InlineData(From - Day, From + 1, true)]
    [InlineData(From - Day + 1, From + 1, true)]
    [InlineData(From - Day - 1, From + 1, true)]
    [InlineData(From - Day - 1, From, false)]
    [InlineData(From - (300 * Day), To + Day, true)]
    [InlineData(From - (300 * Day), From, false)]
    public async Task An_appointment_is_found_exactly_when_it_overlaps(long begins, long ends, bool found)
    {
        var ana = await Commit(async session =>
        {
            var key = await session.Key(Ana);
            await session.Create(Booking(1, key, begins, ends));
            return key;
        });
        await using var session = await Store.Read(Tenant, Stopped);
        var rows = session.Rows<IAttendanceRows>();
        Assert.Equal(found, (await rows.Overlapping([ana], From, To, blockingOnly: false)).Count == 1);
        Assert.Equal(found && ends > begins, (await rows.Overlapping([ana], From, To, blockingOnly: true)).Count == 1);
    }

    [Fact]
    public async Task A_row_reads_as_it_was_saved_and_a_free_one_does_not_block()
    {
        var booking = await Commit(async session =>
        {
            var (ana, ben) = (await session.Key(Ana), await session.Key(Ben));
            var free = Booking(1, ana, From, To, Busyness.Free, 1, ben);
            var away = Booking(2, ana, From, To, Busyness.OutOfOffice, 1, ben);
            await session.Create(free, away);
            return away;
        });
        await using var session = await Store.Read(Tenant, Stopped);
        var expected = booking.Attendances[0];
        var rows = session.Rows<IAttendanceRows>();
        Assert.Equal([expected], await rows.Overlapping([expected.Calendar], From, To, blockingOnly: true));
        Assert.Equal(2, (await rows.Overlapping([expected.Calendar], From, To, blockingOnly: false)).Count);
        Assert.Empty(await rows.Overlapping([expected.Owner], From, To, blockingOnly: false));
    }

    [Fact]
    public async Task A_scan_shows_what_blocks_calendar_by_calendar()
    {
        var calendars = await WriteWeeks();
        await using var session = await Store.Read(Tenant, Stopped);
        var rows = session.Rows<IAttendanceRows>();
        var scanned = new List<BlockingTime>();
        await rows.Scan(calendars, From, From + (7 * Day), scanned.Add);
        var whole = await rows.Overlapping(calendars, From, From + (7 * Day), blockingOnly: true);
        Assert.Equal(whole.Select(row => new BlockingTime(row.Calendar, row.From, row.To, row.Busyness, row.Privacy, row.Owner)), scanned);
    }

    [Fact]
    public async Task Pages_of_any_size_are_the_whole_in_order()
    {
        var calendars = await WriteWeeks();
        await using var session = await Store.Read(Tenant, Stopped);
        var rows = session.Rows<IAttendanceRows>();
        foreach (var blocking in new[] { false, true })
        {
            var whole = await rows.Overlapping(calendars, From, From + (7 * Day), blocking);
            Assert.Equal(
                whole.OrderBy(row => Array.IndexOf(calendars, row.Calendar)).ThenBy(row => row.From).ThenBy(row => row.To).ThenBy(row => row.Appointment),
                whole);
            Assert.Equal(whole.Distinct().Count(), whole.Count);
            Assert.True(whole.Count > 100);
            foreach (var size in new[] { 1, 7, 1_000 })
            {
                Assert.Equal(whole, await ReadPages(rows, calendars, blocking, size));
            }
        }
    }

    [Fact]
    public async Task A_moved_attendance_is_found_where_it_went()
    {
        var moved = await Commit(async session =>
        {
            var ana = await session.Key(Ana);
            var booking = Booking(1, ana, From, From + Day);
            var allDay = booking with
            {
                Appointment = booking.Appointment with { AllDay = true },
                Attendances = [booking.Attendances[0] with { AllDay = true }],
            };
            await session.Create(allDay, Booking(2, ana, From, To));
            var rows = session.Rows<IAttendanceWrites>();
            var row = Assert.Single(await rows.AllDay(ana)) with { From = From + (14 * Hour), To = From + Day + (14 * Hour) };
            await rows.Move([row]);
            return row;
        });
        await using var session = await Store.Read(Tenant, Stopped);
        Assert.Equal([moved], await session.Rows<IAttendanceRows>().Overlapping([moved.Calendar], From + Day, From + (9 * Day), blockingOnly: false));
        Assert.Equal([moved], await session.Rows<IAppointmentRows>().Attendances([Id(1)]));
        Assert.Empty(await Broken());
    }

    [Fact]
    public async Task A_hold_counts_until_it_expires_or_is_deleted()
    {
        var hold = await Commit(async session =>
        {
            var kept = new Hold(Id(1), Ana, From, To, ExpiresAt: 1_000, [await session.Key(Ana), await session.Key(Room)]);
            await session.Rows<IAttendanceWrites>().SaveHold(kept);
            return kept;
        });
        await using (var session = await Store.Read(Tenant, Stopped))
        {
            var rows = session.Rows<IAttendanceRows>();
            var room = hold.Calendars[1];
            Assert.Equal([new HeldTime(room, From, To, hold.Id)], await rows.Held([room], From, To, now: 999));
            Assert.Equal(2, (await rows.Held(hold.Calendars, From - Day, From + 1, now: 999)).Count);
            Assert.Empty(await rows.Held([room], From, To, now: 1_000));
            Assert.Empty(await rows.Held([room], To, To + Day, now: 999));
            Assert.Equivalent(hold, await rows.FindHold(hold.Id), strict: true);
        }

        Assert.True(await Commit(session => session.Rows<IAttendanceWrites>().DeleteHold(hold.Id)));
        Assert.False(await Commit(session => session.Rows<IAttendanceWrites>().DeleteHold(hold.Id)));
    }

    [Fact]
    public async Task Expired_holds_are_forgotten_and_others_stay()
    {
        await Commit(async session =>
        {
            var rows = session.Rows<IAttendanceWrites>();
            var ana = await session.Key(Ana);
            await rows.SaveHold(new(Id(1), Ana, From, To, ExpiresAt: 1_000, [ana]));
            await rows.SaveHold(new(Id(2), Ana, From, To, ExpiresAt: 2_000, [ana]));
            await rows.DeleteExpiredHolds(now: 1_500);
        });
        await using var session = await Store.Read(Tenant, Stopped);
        Assert.Null(await session.Rows<IAttendanceRows>().FindHold(Id(1)));
        Assert.NotNull(await session.Rows<IAttendanceRows>().FindHold(Id(2)));
        Assert.Empty(await Broken());
    }

    /// <summary>
    /// Three calendars that may be booked twice, with some 80 to 240 appointments each, of lengths from nothing to nine days;
    /// asked for in the opposite order of their keys.
    /// </summary>
    private async Task<long[]> WriteWeeks() => await Commit(async session =>
    {
        var keys = new[] { await session.Key(Ana), await session.Key(Ben), await session.Key(new("group:eng")) };
        long[] lengths = [0, Hour, Hour, Day, Day + Hour, 9 * Day];
        await session.Create([.. Enumerable.Range(1, 240).Select(number =>
        {
            var from = From - (3 * Day) + (number / 3 * 2 * Hour);
            return Booking(number, keys[0], from, from + lengths[number % 6], number % 5 == 0 ? Busyness.Free : Busyness.Busy, 1, [.. keys.Take(1 + (number % 3))]);
        })]);
        return keys.Reverse().ToArray();
    });

    private static async Task<List<Attendance>> ReadPages(IAttendanceRows rows, long[] calendars, bool blocking, int size)
    {
        var all = new List<Attendance>();
        for (AttendancePlace? place = null; ;)
        {
            var page = await rows.Page(calendars, From, From + (7 * Day), blocking, place, size);
            all.AddRange(page);
            if (page.Count < size)
            {
                return all;
            }

            place = new(Array.IndexOf(calendars, page[^1].Calendar), page[^1].From, page[^1].To, page[^1].Appointment);
        }
    }
}
