using Kalends.Appointments;
using Kalends.Availability;
using Kalends.Storage;
using static Kalends.Tests.Storage.Examples;
using static Kalends.Tests.Storage.SeriesExamples;

namespace Kalends.Tests.Storage;

/// <summary>Series: how far they are stored, what follows beyond, and what the other ports promise of them.</summary>
public abstract partial class StoreContract
{
    /// <summary>Of the series that most of these tests store: this many occurrences, the third of them moved by two hours.</summary>
    private const int Weeks = 8;

    private const int MovedWeek = 2;

    [Fact]
    public async Task A_series_knows_how_far_it_is_stored_and_what_of_it()
    {
        var series = await CommitSeries();
        await using var session = await Store.Read(Tenant, Stopped);
        var rows = session.Rows<ISeriesRows>();
        var horizon = new SeriesHorizon(series.Id!.Value, First - Hour + (Weeks * Week));
        Assert.Equal([KeyValuePair.Create(horizon.Series, horizon)], await rows.Horizons([horizon.Series, Id(99), Occurrence(series, 1)]));
        var stored = await rows.Occurrences(horizon.Series, detachedOnly: false);
        Assert.Equal(Enumerable.Range(0, Weeks).Select(week => KeyOf(series, week)), stored.Select(occurrence => occurrence.Key));
        Assert.Equal(Enumerable.Range(0, Weeks).Select(week => Occurrence(series, week)), stored.Select(occurrence => occurrence.Id));
        Assert.Equal([MovedWeek], stored.Index().Where(one => one.Item.Detached).Select(one => one.Index));
        var moved = Assert.Single(await rows.Occurrences(horizon.Series, detachedOnly: true));
        Assert.Equal(new(Occurrence(series, MovedWeek), KeyOf(series, MovedWeek), First + (MovedWeek * Week) + (2 * Hour), First + (MovedWeek * Week) + (3 * Hour), true), moved);
        Assert.Empty(await rows.Occurrences(Id(99), detachedOnly: false));
        Assert.Empty(await Broken());
    }

    [Fact]
    public async Task A_uid_finds_the_series_and_none_of_its_occurrences()
    {
        var series = await CommitSeries();
        await using var session = await Store.Read(Tenant, Stopped);
        var rows = session.Rows<IAppointmentRows>();
        var (ana, ben, room) = await Keys(session);
        Assert.Equal(series.Id, Assert.Single(await rows.FindByUid(ana, ["uid-1", ""])).Value.Id);
        Assert.Empty(await rows.FindByUid(ben, ["uid-1"]));
        Assert.Equal(["uid-1"], await rows.UidsOfOthers(ben, ["uid-1", "uid-2", ""]));
        Assert.Empty(await rows.UidsOfOthers(ana, ["uid-1", ""]));
        Assert.Empty(await rows.UidsOfOthers(room, ["uid-1"]));
    }

    [Fact]
    public async Task A_calendar_lists_the_series_and_what_was_changed_by_itself()
    {
        var series = await CommitSeries();
        await using var session = await Store.Read(Tenant, Stopped);
        var rows = session.Rows<IAppointmentRows>();
        var (ana, ben, room) = await Keys(session);
        foreach (var calendar in new[] { ana, ben })
        {
            Assert.Equal(new[] { series.Id!.Value, Occurrence(series, MovedWeek) }.Order(), await Ids((after, limit) => rows.OnCalendar(calendar, after, limit)));
        }

        Assert.Empty(await rows.OnCalendar(room, null, 10));
        Assert.Equal(1 + Weeks, await rows.Count());
        Assert.Equal(Enumerable.Range(0, Weeks).Select(week => Occurrence(series, week)).Append(series.Id!.Value).Order(), await Ids(rows.Page));
    }

    [Fact]
    public async Task An_occurrence_says_in_full_what_it_is_stored_or_not()
    {
        var series = await CommitSeries();
        await using var session = await Store.Read(Tenant, Stopped);
        var rows = session.Rows<IAppointmentRows>();
        foreach (var week in new[] { 0, 1, Weeks - 1, Weeks, 500, 5_000 })
        {
            var found = Assert.Single(await rows.Find([Occurrence(series, week)])).Value;
            Assert.Equal(Json(Says(series, week)), found.Json);
            Assert.Equal(
                (Occurrence(series, week), "uid-1", 1L, "Standup 1", First + (week * Week), series.Id, false),
                (found.Id, found.Uid, found.Version, found.Title, found.From, found.Series, found.Detached));
        }

        Assert.Equal("Moved", (await rows.Find([Occurrence(series, MovedWeek)]))[Occurrence(series, MovedWeek)].Title);
        Assert.All((await rows.Page(null, 100)).Where(row => row.IsDerived), row => Assert.Equal("Standup 1", row.Title));
        var nobody = Occurrence(Weekly(2, Ana), 500);
        Assert.Empty(await rows.Find([nobody, OccurrenceIds.Of(series.Id!.Value, OccurrenceKey.Of(series.Start!.Value.PlusDays(4_001))), Occurrence(series, -1)]));
    }

    [Fact]
    public async Task Titles_of_occurrences_are_their_series_or_their_own()
    {
        var series = await CommitSeries();
        var untitled = Weekly(2, Ana) with { Title = null };
        await Commit(async session => await session.CreateSeries(untitled, 2));
        await using var session = await Store.Read(Tenant, Stopped);
        var asked = new[] { 0, MovedWeek, Weeks, 900 }.Select(week => Occurrence(series, week)).ToList();
        var titles = await session.Rows<IAttendanceRows>().Titles([.. asked, Occurrence(untitled, 0), Occurrence(untitled, 900), Id(99)]);
        Assert.Equal(["Standup 1", "Moved", "Standup 1", "Standup 1"], asked.Select(id => titles[id]));
        Assert.Equal(4, titles.Count);
    }

    [Fact]
    public async Task An_occurrence_deleted_before_the_horizon_is_gone_and_not_made_again()
    {
        var series = await CommitSeries();
        var gone = Occurrence(series, 1);
        var (ana, excluded) = await Commit(async session =>
        {
            var calendars = await session.Rows<ICalendarWrites>().Lock([Ana, Ben]);
            var after = series with { Version = 2, Recurrence = series.Recurrence! with { Excluded = [series.Start!.Value.PlusWeeks(1)] } };
            var rows = session.Rows<IAppointmentWrites>();
            await rows.Delete([gone]);
            await rows.Save([Bookings.Of(after, calendars)]);
            return (calendars[Ana].Key, after);
        });
        await using var session = await Store.Read(Tenant, Stopped);
        Assert.Empty(await session.Rows<IAppointmentRows>().Find([gone]));
        Assert.Empty(await session.Rows<IAppointmentRows>().Attendances([gone]));
        Assert.Empty(await session.Rows<IAttendanceRows>().Overlapping([ana], First + Week, First + Week + Hour, blockingOnly: false));
        Assert.Equal(Json(Says(excluded, 900)), (await session.Rows<IAppointmentRows>().Find([Occurrence(series, 900)])).Values.Single().Json);
    }

    [Fact]
    public async Task What_lies_in_a_calendar_is_the_same_wherever_the_horizon_stands()
    {
        var (first, second) = (Weekly(1, Ana, Ben), Weekly(2, Ben, Ana) with { Title = "Other" });
        await Commit(async session =>
        {
            var calendars = await session.CreateSeries(first, Weeks);
            await session.CreateSeries(second, Weeks + 5);
            await session.Detach(first, calendars, MovedWeek, Later);
            await session.Detach(first, calendars, Weeks + 20, Later);
            var ana = calendars[Ana].Key;
            await session.Create([.. Enumerable.Range(3, 60).Select(number =>
                Booking(number, ana, First + (number * 2 * Week) + (number % 3 * 1_800), First + (number * 2 * Week) + (3 * Hour), calendars[Ben].Key, ana))]);
        });
        var before = await Read();
        Assert.Equal(2 * ((2 * 200) + 60), before.Count);
        await Commit(async session => await session.Store(first, await session.Rows<ICalendarWrites>().Lock([Ana, Ben]), Weeks, Weeks + 12));
        await Commit(async session => await session.Store(second, await session.Rows<ICalendarWrites>().Lock([Ana, Ben]), Weeks + 5, 150));
        Assert.Equal(before, await Read());
        Assert.Empty(await Broken());
    }

    [Fact]
    public async Task Series_that_begin_alike_are_told_apart_by_their_ends()
    {
        var all = Enumerable.Range(1, 20).Select(number => Weekly(number, Ana)).ToList();
        await Commit(async session =>
        {
            foreach (var series in all)
            {
                await session.CreateSeries(series, 1);
            }
        });
        await using var session = await Store.Read(Tenant, Stopped);
        foreach (var series in all)
        {
            Assert.Equal([series.Id!.Value], await session.Rows<ISeriesRows>().BeginningLike(Occurrence(series, 300)));
        }

        Assert.Empty(await session.Rows<ISeriesRows>().BeginningLike(Occurrence(Weekly(21, Ana), 300)));
        var elsewhere = Weekly(1, Ana) with { Id = new Guid("019ab0c3-0000-7000-8000-000000000001") };
        Assert.Empty(await session.Rows<ISeriesRows>().BeginningLike(Occurrence(elsewhere, 300)));
    }

    [Fact]
    public async Task What_is_due_comes_nearest_horizon_first_and_what_has_ended_never()
    {
        await Commit(async session =>
        {
            foreach (var (number, weeks) in new[] { (1, 9), (2, 3), (3, 6), (4, 3) })
            {
                await session.CreateSeries(Weekly(number, Ana), weeks);
            }

            await session.Rows<ISeriesWrites>().Save(new(Id(4), SeriesHorizon.Everything), [(await session.Rows<ICalendarWrites>().Lock([Ana]))[Ana].Key]);
        });
        await using var session = await Store.Read(Tenant, Stopped);
        var rows = session.Rows<ISeriesRows>();
        Assert.Equal([Id(2), Id(3), Id(1)], (await rows.Due(First + (50 * Week), 10)).Select(horizon => horizon.Series));
        Assert.Equal([Id(2), Id(3)], (await rows.Due(First + (50 * Week), 2)).Select(horizon => horizon.Series));
        Assert.Equal([Id(2)], (await rows.Due(First - Hour + (3 * Week) + 1, 10)).Select(horizon => horizon.Series));
        Assert.Empty(await rows.Due(First - Hour + (3 * Week), 10));
        var (ana, _, _) = await Keys(session);
        var open = await rows.Open([ana, 4_711], First + (7 * Week));
        Assert.Equal([Id(2), Id(3)], open.Select(one => one.Horizon.Series));
        Assert.All(open, one => Assert.Equal([ana], one.Calendars));
        Assert.Equal([Id(2), Id(3)], open.Select(one => one.Row.Id));
    }

    [Fact]
    public async Task Attending_otherwise_replaces_what_lies_in_the_given_calendars_alone()
    {
        var series = await CommitSeries();
        var derived = Enumerable.Range(0, Weeks).Except([MovedWeek]).Select(week => Occurrence(series, week)).ToList();
        var (ana, ben) = await Commit(async session =>
        {
            var calendars = await session.Rows<ICalendarWrites>().Lock([Ana, Ben]);
            var (one, two) = (calendars[Ana].Key, calendars[Ben].Key);
            await session.Rows<ISeriesWrites>().Attend(series.Id!.Value, [two], [.. derived.Take(3).Zip([0, 1, MovedWeek + 1], (id, week) =>
                new Attendance(two, First + (week * Week), First + (week * Week) + Hour, id, Busyness.Free, Privacy.Public, one, false))]);
            return (one, two);
        });
        await using var session = await Store.Read(Tenant, Stopped);
        var rows = session.Rows<IAppointmentRows>();
        var attendances = await rows.Attendances(derived);
        Assert.Equal(derived.Count, attendances.Count(row => row.Calendar == ana && row.Busyness == Busyness.Busy));
        Assert.Equal(derived.Take(3), attendances.Where(row => row.Calendar == ben).Select(row => row.Appointment));
        Assert.All(attendances.Where(row => row.Calendar == ben), row => Assert.Equal(Busyness.Free, row.Busyness));
        // What was changed by itself attends as it says.
        Assert.Equal([ana, ben], (await rows.Attendances([Occurrence(series, MovedWeek)])).Select(row => row.Calendar).Order());
    }

    [Fact]
    public async Task Following_a_series_brings_owner_and_privacy_to_what_is_derived()
    {
        var series = await CommitSeries();
        const string Differs = "an occurrence belongs to no series, or differs from it";
        var after = await Commit(async session =>
        {
            var ben = await session.Key(Ben);
            var row = (await session.Rows<IAppointmentRows>().Find([series.Id!.Value]))[series.Id!.Value] with { Owner = ben, Privacy = Privacy.Secret, Version = 2 };
            await session.Rows<IAppointmentWrites>().Save([new(row, [])]);
            return row;
        });
        Assert.Equal(Weeks - 1, (await Broken()).Count(finding => finding.Contains(Differs, StringComparison.Ordinal)));
        await Commit(session => session.Rows<ISeriesWrites>().Follow(after));
        Assert.DoesNotContain(await Broken(), finding => finding.Contains(Differs, StringComparison.Ordinal));
        await using var session = await Store.Read(Tenant, Stopped);
        var (ana, ben, _) = await Keys(session);
        var page = await session.Rows<IAppointmentRows>().Page(null, 100);
        Assert.All(page.Where(row => !row.Detached), row => Assert.Equal((ben, Privacy.Secret), (row.Owner, row.Privacy)));
        Assert.Equal((ana, Privacy.Public), page.Where(row => row.Detached).Select(row => (row.Owner, row.Privacy)).Single());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_series_that_goes_leaves_no_horizon_behind(bool itsAppointmentToo)
    {
        var series = await CommitSeries();
        await Commit(async session =>
        {
            var (appointments, rows) = (session.Rows<IAppointmentWrites>(), session.Rows<ISeriesWrites>());
            var stored = await rows.Occurrences(series.Id!.Value, detachedOnly: false);
            await appointments.Delete([.. stored.Select(occurrence => occurrence.Id)]);
            if (itsAppointmentToo)
            {
                await appointments.Delete([series.Id!.Value]);
            }
            else
            {
                await rows.Delete(series.Id!.Value);
            }
        });
        await using var session = await Store.Read(Tenant, Stopped);
        var (ana, _, _) = await Keys(session);
        var left = session.Rows<ISeriesRows>();
        Assert.Empty(await left.Horizons([series.Id!.Value]));
        Assert.Empty(await left.Due(long.MaxValue, 10));
        Assert.Empty(await left.Open([ana], long.MaxValue));
        Assert.Empty(await left.BeginningLike(Occurrence(series, 300)));
        Assert.Empty(await session.Rows<IAppointmentRows>().Find([Occurrence(series, 1), Occurrence(series, 300)]));
        Assert.Empty(await session.Rows<IAttendanceRows>().Overlapping([ana], First, First + (300 * Week), blockingOnly: false));
    }

    [Fact]
    public async Task Series_of_tenants_are_their_own()
    {
        var series = await CommitSeries();
        await Commit(async session => await session.CreateSeries(series with { Title = "Theirs" }, 2), "globex");
        await Commit(async session =>
        {
            var rows = session.Rows<ISeriesWrites>();
            await session.Rows<IAppointmentWrites>().Delete([Occurrence(series, 0), Occurrence(series, 1)]);
            await rows.Delete(series.Id!.Value);
        }, "globex");
        await using var globex = await Store.Read("globex", Stopped);
        Assert.Empty(await globex.Rows<IAppointmentRows>().Find([Occurrence(series, 1), Occurrence(series, 300)]));
        Assert.Empty(await globex.Rows<ISeriesRows>().Due(long.MaxValue, 10));
        await using var acme = await Store.Read(Tenant, Stopped);
        Assert.Equal("Standup 1", (await acme.Rows<IAppointmentRows>().Find([Occurrence(series, 300)])).Values.Single().Title);
        Assert.Equal(Weeks, (await acme.Rows<ISeriesRows>().Occurrences(series.Id!.Value, detachedOnly: false)).Count);
        Assert.Single(await acme.Rows<ISeriesRows>().Due(long.MaxValue, 10));
    }

    private static Appointment Later(Appointment says) => says with
    {
        Title = "Moved",
        Start = says.Start!.Value.PlusHours(2),
        Span = new(says.Span!.Value.From + NodaTime.Duration.FromHours(2), says.Span.Value.To + NodaTime.Duration.FromHours(2)),
    };

    private Task<Appointment> CommitSeries() => Commit(async session =>
    {
        var series = Weekly(1, Ana, Ben);
        await session.Key(Room);
        await session.Detach(series, await session.CreateSeries(series, Weeks), MovedWeek, Later);
        return series;
    });

    private static async ValueTask<(long Ana, long Ben, long Room)> Keys(IReadSession session)
    {
        var found = await session.Rows<ICalendarRows>().Find([Ana, Ben, Room]);
        return (found[Ana].Key, found.GetValueOrDefault(Ben)?.Key ?? 0, found.GetValueOrDefault(Room)?.Key ?? 0);
    }

    /// <summary>All that lies in four years of two calendars, read at once, by pages of every size, and scanned; all the same.</summary>
    private async Task<List<Attendance>> Read()
    {
        await using var session = await Store.Read(Tenant, Stopped);
        var (ana, ben, _) = await Keys(session);
        var rows = session.Rows<IAttendanceRows>();
        long[] calendars = [ben, ana];
        var (from, to) = (First, First + (199 * Week) + Hour);
        List<Attendance> whole = [.. await rows.Overlapping(calendars, from, to, blockingOnly: true)];
        foreach (var size in new[] { 7, 64, 1_000 })
        {
            var paged = new List<Attendance>();
            for (IReadOnlyList<Attendance> page = []; paged.Count == 0 || page.Count == size; paged.AddRange(page))
            {
                var place = paged.Count == 0 ? null
                    : new AttendancePlace(Array.IndexOf(calendars, paged[^1].Calendar), paged[^1].From, paged[^1].To, paged[^1].Appointment);
                page = await rows.Page(calendars, from, to, true, place, size);
            }

            Assert.Equal(whole, paged);
        }

        var scanned = new List<BlockingTime>();
        await rows.Scan(calendars, from, to, scanned.Add);
        Assert.Equal(
            whole.Select(row => new BlockingTime(row.Calendar, row.From, row.To, row.Busyness, row.Privacy, row.Owner)).Order(Comparer<BlockingTime>.Create(Compare)),
            scanned.Order(Comparer<BlockingTime>.Create(Compare)));
        return whole;
    }

    private static int Compare(BlockingTime one, BlockingTime other) =>
        (one.Calendar, one.From, one.To, one.Owner).CompareTo((other.Calendar, other.From, other.To, other.Owner));
}
