using Kalends.Appointments;
using Kalends.Availability;
using Kalends.Storage;
using static Kalends.Tests.Storage.Examples;
using static Kalends.Tests.Storage.SeriesExamples;

namespace Kalends.Tests.Storage;

/// <summary>What is asked ahead changes no answer: a store may know it with the first look, and then it must be what it would answer anyway.</summary>
public abstract partial class StoreContract
{
    /// <summary>Singles, a series before its horizon and one past it, with room for all and without.</summary>
    [Theory]
    [InlineData(0, 3, 100)]
    [InlineData(0, 3, 2)]
    [InlineData(2, 1, 100)]
    [InlineData(Weeks - 1, 3, 100)]
    [InlineData(Weeks + 2, 1, 100)]
    public async Task What_is_shown_ahead_is_what_anybody_would_be_shown(int fromWeek, int weeks, int shown)
    {
        await CommitSeries();
        await Commit(async session => await session.Create(Booking(7, await session.Key(Ana), First + (fromWeek * Week), First + (fromWeek * Week) + Hour)));
        await using var plain = await Store.Read(Tenant, Stopped);
        var (ana, ben, _) = await Keys(plain);
        long[] keys = [ben, AskedCalendars.NoKey, ana];
        var (from, to) = (First + (fromWeek * Week) - Day, First + ((fromWeek + weeks) * Week));
        var meant = await plain.Rows<IAttendanceRows>().Page(keys, from, to, false, null, shown);
        var bodies = await plain.Rows<IAppointmentRows>().Find([.. meant.Select(row => row.Appointment).Distinct()]);
        LookFor wanted = new() { Calendars = [Ben, new("user:nobody"), Ana], Caller = Ana, From = from, To = to, Ahead = new() { Shown = shown } };
        var number = 100;
        foreach (var glances in new[] { false, true })
        {
            await using var session = await Store.Read(Tenant, Stopped);
            var rows = session.Rows<IAvailabilityRows>();
            var look = glances ? await rows.Glance(wanted) : await rows.Look(wanted);
            Assert.Equal((ana, ben), (look.Calendars[Ana].Key, look.Calendars[Ben].Key));
            Assert.Empty(look.Held);
            Assert.Equal(meant, await session.Rows<IAttendanceRows>().Page(keys, from, to, false, null, shown));
            Assert.Equivalent(bodies, await session.Rows<IAppointmentRows>().Find([.. bodies.Keys]), strict: true);
            if (!look.Lasts)
            {
                Assert.Equal(meant.Count < shown && fromWeek + weeks <= Weeks, look.ShowsAll);
            }

            if (look.Lasts || look.ShowsAll)
            {
                // What others do meanwhile is of another moment.
                number++;
                await Commit(writing => writing.Create(Booking(number, ana, from, from + Hour)));
                Assert.Equal(meant, await session.Rows<IAttendanceRows>().Page(keys, from, to, false, null, shown));
                Assert.Equivalent(bodies, await session.Rows<IAppointmentRows>().Find([.. bodies.Keys]), strict: true);
                await Commit(async writing => await writing.Rows<IAppointmentWrites>().Delete([Id(number)]));
            }
        }
    }

    [Fact]
    public async Task What_is_scanned_and_named_ahead_is_what_anybody_would_be_answered()
    {
        long[] keys = [.. await WriteWeeks()];
        await using var plain = await Store.Read(Tenant, Stopped);
        var (from, to) = (From, From + (7 * Day));
        var (whole, stored) = ((From - Day, From + (30 * Day)), plain.Rows<IAttendanceRows>());
        var named = await stored.Overlapping(keys[1..], from, to, blockingOnly: true);
        var titles = await stored.Titles([.. named.Select(row => row.Appointment).Distinct()]);
        var scanned = new List<BlockingTime>();
        await stored.Scan(keys, whole.Item1, whole.Item2, scanned.Add);
        Assert.NotEmpty(scanned);
        Assert.NotEmpty(titles);
        await using var session = await Store.Read(Tenant, Stopped);
        await session.Rows<IAvailabilityRows>().Look(Asked([Ana]) with
        {
            To = to,
            Ahead = new() { Scanned = keys, ScanSpan = whole, Named = keys[1..] },
        });
        var rows = session.Rows<IAttendanceRows>();
        var again = new List<BlockingTime>();
        await rows.Scan(keys, whole.Item1, whole.Item2, again.Add);
        Assert.Equal(scanned, again);
        again.Clear();
        await rows.Scan(keys, from, to, again.Add);
        Assert.Equal(scanned.Where(time => time.From < to && time.To > from), again);
        Assert.Equal(named, await rows.Overlapping(keys[1..], from, to, blockingOnly: true));
        Assert.Equal(await stored.Overlapping(keys[1..], from, to, blockingOnly: false), await rows.Overlapping(keys[1..], from, to, blockingOnly: false));
        Assert.Equivalent(titles, await rows.Titles([.. titles.Keys]), strict: true);
        Assert.Empty(await session.Rows<IOpenHoursRows>().Find(keys));
    }
}
