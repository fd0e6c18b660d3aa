using CsCheck;
using Kalends.Appointments;
using Kalends.ICalendar;
using Kalends.Recurrence;
using Kalends.Tests.Recurrence;
using Kalends.Time;
using NodaTime;

namespace Kalends.Tests.ICalendar;

/// <summary>Series that are written read back as the same series, occur when they occurred, and split into halves that make the whole.</summary>
public sealed class SeriesRoundTripTests
{
    private static readonly CalendarHead Head = new("x", "UTC", Instant.FromUtc(2026, 1, 1, 0, 0));

    /// <summary>As programs write one that has never been through a file: rules with UNTIL in every form, dates near and far.</summary>
    private static readonly Gen<Appointment> Master =
        from timed in RandomSeries.Any
        from daily in RandomSeries.Of(Frequency.Daily)
        from allDay in Gen.Int[0, 3].Select(kind => kind == 0 && timed.Rule.Frequency >= Frequency.Daily)
        from more in Gen.Int[0, 3]
        from days in Gen.Int[0, 200].Array[0, 70]
        from extra in Gen.Int[-2_000, 60_000].Array[0, 4]
        let start = allDay ? timed.Start.Date.AtMidnight() : timed.Start
        let added = extra.Select(minutes => allDay ? start.PlusDays(minutes / 60) : start.PlusMinutes(minutes)).Where(time => time != start).Distinct().Order().ToList()
        let excluded = days.Select(start.PlusDays).Distinct().Order().ToList()
        select new Appointment
        {
            Uid = "one", Title = "series", Start = start, AllDay = allDay, TimeZone = allDay ? null : timed.Zone,
            Duration = allDay ? NominalDuration.OfDays(1) : NominalDuration.OfMinutes(30),
            Recurrence = new()
            {
                Rule = timed.Rule.ToString(),
                MoreRules = more == 1 ? [daily.Rule.ToString()] : null,
                ExcludedRules = more == 2 ? [daily.Rule.ToString()] : null,
                Excluded = excluded.Count > 0 ? excluded : null,
                Added = added.Count > 0 ? added : null,
            },
        };

    private static readonly Gen<(Appointment Master, int[] Which, int[] Moved)> Changed = Gen.Select(Master, Gen.Int[0, 30].Array[0, 5], Gen.Int[-3_000, 3_000].Array[5, 5]);

    [Fact]
    public void What_is_written_reads_back_the_same() => Changed.Sample(
        given =>
        {
            var series = With(given.Master, given.Which, given.Moved);
            var text = Written(series);
            Assert.All(text.Split("\r\n"), line => Assert.True(System.Text.Encoding.UTF8.GetByteCount(line) <= 75, line));
            var read = Assert.Single(Grouped(text).Series);
            Assert.Equal(Reading.Json(read.Master with { Recurrence = null }), Reading.Json(series.Master with { Recurrence = null }));
            Assert.Equal(series.Overrides.OrderBy(item => item.Series!.RecurrenceId).Select(Reading.Json), read.Overrides.Select(Reading.Json));
            Assert.Equal(text.Split("\r\n").Where(Recurs).Order(), Written(read).Split("\r\n").Where(Recurs).Order());
            Assert.Equal(Reading.Told(new([], [read], [])), Reading.Told(Grouped(Written(read))));
        },
        iter: 600,
        print: given => Reading.Json(given.Master));

    [Fact]
    public void A_series_occurs_when_it_did() => Master.Sample(
        master => Assert.Equal(Occurring(master, 100), Occurring(Assert.Single(Grouped(Written(new(master, []))).Series).Master, 100)),
        iter: 300,
        print: Reading.Json);

    /// <summary>RANGE=THISANDFUTURE that changes no time: the two halves together are the series.</summary>
    [Fact]
    public void The_halves_of_a_series_make_the_whole() => Gen.Select(Master, Gen.Int[0, 30]).Sample(
        (master, which) =>
        {
            var whole = Occurring(master, 200);
            whole?.RemoveAll(at => at > Instant.FromUtc(2190, 1, 1, 0, 0));
            if (whole is null || whole.Count == 0)
            {
                return;
            }

            var wall = WallOf(master, whole[which % whole.Count]);
            if (At(master, wall) != whole[which % whole.Count])
            {
                // The second of two equal times on the wall, which no RECURRENCE-ID on the wall can name.
                return;
            }

            var change = master with { Title = "later", Start = wall, Recurrence = null, Series = new() { RecurrenceId = wall } };
            var text = Written(new(master, [change])).Replace("RECURRENCE-ID", "RECURRENCE-ID;RANGE=THISANDFUTURE", StringComparison.Ordinal);
            var grouped = Grouped(text);
            Assert.Equal(1, grouped.Series.Count(part => part.Overrides.Count > 0) + grouped.Series.Count(part => part.Master.Title == "later")
                + grouped.Singles.Count(single => single.Title == "later"));
            var parts = grouped.Series.Select(part => part.Master).Concat(grouped.Singles).Select(part => Occurring(part, 200)).ToList();
            var united = parts.SelectMany(part => part!).Distinct().Order().Take(whole.Count).ToList();
            Assert.Equal(whole, united);
        },
        iter: 300,
        print: given => $"{given.Item2} {Reading.Json(given.Item1)}");

    [Theory]
    [InlineData("Europe/Paris", false, "FREQ=WEEKLY;BYDAY=MO,TH;COUNT=20")]
    [InlineData("America/New_York", false, "FREQ=MONTHLY;BYDAY=-1FR;UNTIL=20270630T000000")]
    [InlineData("UTC", false, "FREQ=DAILY;INTERVAL=3;UNTIL=20260601")]
    [InlineData(null, true, "FREQ=WEEKLY;UNTIL=20261231")]
    public void Another_program_sees_the_same_occurrences(string? zone, bool allDay, string rule)
    {
        // It makes no occurrence of a start that its rule does not make.
        var start = Assert.IsType<LocalDateTime>(StartFit.Nearest(Parsed(rule), new(2026, 3, 5, allDay ? 0 : 9, 0), allDay));
        var master = new Appointment
        {
            Uid = "one", Title = "series", Start = start, TimeZone = zone, AllDay = allDay, Duration = allDay ? NominalDuration.OfDays(1) : NominalDuration.OfMinutes(45),
            Recurrence = new() { Rule = rule, Added = [start.PlusDays(2), start.PlusDays(400)] },
        };
        var made = Occurring(master, 40)!;
        master = master with { Recurrence = master.Recurrence! with { Excluded = [WallOf(master, made[3])] } };
        var moved = master with { Recurrence = null, Start = WallOf(master, made[4]).PlusDays(1), Series = new() { RecurrenceId = WallOf(master, made[4]) } };
        var expected = Occurring(master, 30)!.Where(at => at != made[4]).Append(At(master, moved.Start.Value)).Order().Take(20);

        var theirs = Ical.Net.Calendar.Load(Written(new(master, [moved])))!.GetOccurrences().Take(20)
            .Select(occurrence => Instant.FromDateTimeUtc(DateTime.SpecifyKind(occurrence.Period.StartTime.AsUtc, DateTimeKind.Utc)));
        Assert.Equal(expected, theirs);
    }

    [Fact]
    public void The_zone_of_a_series_is_described_for_its_oldest_date_and_for_an_override_in_another_zone()
    {
        var master = new Appointment
        {
            Uid = "one", Start = new(1999, 5, 3, 9, 0), TimeZone = "Europe/Paris", Duration = NominalDuration.OfMinutes(45),
            Recurrence = new() { Rule = "FREQ=YEARLY", Added = [new(1996, 5, 3, 9, 0)] },
        };
        var text = Written(new(master, [master with { Recurrence = null, TimeZone = "America/New_York", Series = new() { RecurrenceId = new(2001, 5, 3, 9, 0) } }]));
        Assert.Contains("DTSTART:19950101T000000", text, StringComparison.Ordinal);
        Assert.Contains("DTSTART;TZID=America/New_York:19990503T090000\r\nDTEND", text, StringComparison.Ordinal);
        Assert.Contains("RECURRENCE-ID;TZID=Europe/Paris:20010503T090000", text, StringComparison.Ordinal);
        Assert.Equal(2, text.Split("BEGIN:VTIMEZONE").Length - 1);
    }

    private static GroupedCalendar Grouped(string text) => Reading.Grouped(text);

    private static string Written(ImportedSeries series)
    {
        var writer = new CalendarWriter(Head);
        return writer.Begin() + writer.AddSeries(series) + CalendarWriter.End();
    }

    private static bool Recurs(string line) => line.StartsWith("RRULE", StringComparison.Ordinal) || line.StartsWith("EXRULE", StringComparison.Ordinal);

    /// <summary>Some occurrences of a series moved, each once, and none that is excluded.</summary>
    private static ImportedSeries With(Appointment master, int[] which, int[] moved)
    {
        var made = Occurring(master, 31) ?? [];
        var ids = which.Where(place => place < made.Count).Select(place => WallOf(master, made[place])).Distinct()
            .Where(id => id.Year < 2199 && master.Recurrence!.Excluded?.Contains(id) != true).ToList();
        return new(master, [.. ids.Select((id, place) => master with
        {
            Recurrence = null, Title = "moved", AllDay = false, TimeZone = "Europe/Paris", Duration = NominalDuration.OfMinutes(15),
            Start = id.PlusMinutes(moved[place]), Series = new() { RecurrenceId = id },
        })]);
    }

    private static DateTimeZone ZoneOf(Appointment appointment) => appointment.TimeZone is { } zone ? Zones.Get(zone) : DateTimeZone.Utc;

    private static Instant At(Appointment appointment, LocalDateTime time) => DaylightSavingPolicy.Rfc5545.Resolve(time, ZoneOf(appointment));

    private static LocalDateTime WallOf(Appointment appointment, Instant at) => at.InZone(ZoneOf(appointment)).LocalDateTime;

    /// <summary>The first occurrences; null where the engine would take too long to tell.</summary>
    private static List<Instant>? Occurring(Appointment appointment, int most)
    {
        var recurrence = appointment.Recurrence ?? new();
        var occurrences = new Expansion(new()
        {
            Start = appointment.Start!.Value, Zone = ZoneOf(appointment), AllDay = appointment.AllDay == true, StartReading = StartReading.KeptAndCounted,
            Rules = [.. (recurrence.Rule is null ? [] : new[] { recurrence.Rule }).Concat(recurrence.MoreRules ?? []).Select(Parsed)],
            ExcludedRules = [.. (recurrence.ExcludedRules ?? []).Select(Parsed)],
            AddedDates = [.. (recurrence.Added ?? []).Select(time => At(appointment, time))],
            ExcludedDates = [.. (recurrence.Excluded ?? []).Select(time => At(appointment, time))],
        }).All();
        var found = new List<Instant>();
        while (found.Count < most && occurrences.MoveNext())
        {
            found.Add(occurrences.Instant);
        }

        return occurrences.Fault is null ? found : null;
    }

    private static RecurrenceRule Parsed(string text) => RecurrenceRule.TryParse(text, RuleReading.Tolerant, out var rule, out _) ? rule : throw new InvalidOperationException(text);
}
