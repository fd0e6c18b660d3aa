using System.Diagnostics;
using System.Text;
using CsCheck;
using Kalends.ICalendar;

namespace Kalends.Tests.ICalendar;

/// <summary>Texts made to be slow, large or confusing. Each ends within seconds with items or reasons.</summary>
[Collection(nameof(Alone))]
public sealed class CalendarBombTests
{
    /// <summary>On an idle machine none takes two; what grows with the square of the length would take hours.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    private const string Event =
        "BEGIN:VEVENT\r\nUID:x\r\nDTSTART;TZID=Europe/Paris:20260101T090000\r\nDTEND;TZID=Europe/Paris:20260101T100000\r\nSUMMARY:Meeting\r\n"
        + "ATTENDEE;CN=A;PARTSTAT=ACCEPTED:mailto:a@example.com\r\nBEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT15M\r\nEND:VALARM\r\nEND:VEVENT\r\n";

    private const string Observance =
        "BEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0017\r\nTZOFFSETTO:+0017\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU\r\nEND:STANDARD\r\n";

    public static TheoryData<string> Shapes => [.. Bombs.Keys];

    private static Dictionary<string, Func<string>> Bombs { get; } = new()
    {
        ["fifty megabytes of events"] = () => In(Repeat(Event, 50_000_000 / Event.Length)),
        ["two million folds of one line"] = () => In("BEGIN:VEVENT\r\nDTSTART:20260101\r\nSUMMARY:" + Repeat("\r\n x", 2_000_000)),
        ["folds of nothing"] = () => In("BEGIN:VEVENT\r\nSUMMARY:" + Repeat("\r\n ", 2_000_000)),
        ["empty lines"] = () => In(Repeat("\n", 5_000_000)),
        ["one line of fifty megabytes"] = () => In("BEGIN:VEVENT\r\nSUMMARY:" + new string('x', 50_000_000)),
        ["nothing but NUL"] = () => new string('\0', 5_000_000),
        ["begins nested very deep"] = () => In("BEGIN:VEVENT\r\n" + Repeat("BEGIN:VALARM\r\n", 300_000)),
        ["calendars nested very deep"] = () => Repeat("BEGIN:VCALENDAR\r\n", 300_000),
        ["ends without begins"] = () => In(Repeat("END:VEVENT\r\nEND:VCALENDAR\r\n", 300_000)),
        ["a great many attendees"] = () => In("BEGIN:VEVENT\r\nDTSTART:20260101\r\n" + Repeat("ATTENDEE:mailto:a@example.com\r\n", 300_000) + "END:VEVENT\r\n"),
        ["a great many parameters"] = () => In("BEGIN:VEVENT\r\nDTSTART" + Repeat(";A=\"b\"", 150_000) + ":20260101\r\nEND:VEVENT\r\n"),
        ["quotes that never close"] = () => In("BEGIN:VEVENT\r\n" + Repeat("DTSTART;A=\"" + new string(';', 1_000) + "\r\n", 10_000) + "END:VEVENT\r\n"),
        ["escapes"] = () => In("BEGIN:VEVENT\r\nDTSTART:20260101\r\nSUMMARY:" + Repeat("\\", 900_000) + "\r\nEND:VEVENT\r\n"),
        ["a thousand zones of their own"] = () => In(string.Concat(Enumerable.Range(0, 1_000).Select(index =>
            $"BEGIN:VTIMEZONE\r\nTZID:own{index}\r\n" + Repeat(Observance, 100)
            + $"END:VTIMEZONE\r\nBEGIN:VEVENT\r\nDTSTART;TZID=own{index}:20260101T000000\r\nEND:VEVENT\r\n"))),
        ["rules without end"] = () => In(Repeat("BEGIN:VEVENT\r\nDTSTART:20260101\r\nRRULE:FREQ=SECONDLY;COUNT=1000000000\r\nEND:VEVENT\r\n", 100_000)),
        ["tasks"] = () => In(Repeat("BEGIN:VTODO\r\nUID:t\r\nEND:VTODO\r\n", 300_000)),
        ["zones nobody describes"] = () => In(string.Concat(Enumerable.Range(0, 100_000).Select(index => $"BEGIN:VEVENT\r\nDTSTART;TZID=a/b/c{index}:20260101T000000\r\nEND:VEVENT\r\n"))),
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void A_bomb_is_read_through_within_seconds(string shape)
    {
        var text = Bombs[shape]();
        var began = Stopwatch.StartNew();
        var items = CalendarReader.Read(text, CalendarReading.Usual).LongCount();
        Assert.True(began.Elapsed < Longest, $"{shape}: {began.Elapsed} for {items} items");
    }

    private static readonly string[] SlowRules =
    [
        "RRULE:FREQ=SECONDLY", "RRULE:FREQ=SECONDLY;COUNT=1000000000", "RRULE:FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30", "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=9",
        "RRULE:FREQ=SECONDLY\r\nEXRULE:FREQ=SECONDLY", "RRULE:FREQ=SECONDLY;UNTIL=99991231T000000Z;BYSETPOS=-1;BYHOUR=3",
        "RRULE:FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23;COUNT=2000000000;BYSETPOS=24",
    ];

    /// <summary>Whatever a rule asks for, all series of a text share one budget of steps.</summary>
    private static Dictionary<string, Func<string>> SeriesBombs { get; } = new()
    {
        ["slow rules with changes"] = () => In(string.Concat(Enumerable.Range(0, 3_000).Select(index =>
            Series($"s{index}", SlowRules[index % SlowRules.Length], "EXDATE;VALUE=DATE:20990101") + Change($"s{index}", "20990102T090000Z", "")))),
        ["slow rules split"] = () => In(string.Concat(Enumerable.Range(0, 3_000).Select(index =>
            Series($"s{index}", SlowRules[index % SlowRules.Length]) + Change($"s{index}", "20270102T000000Z", ";RANGE=THISANDFUTURE")))),
        ["ten thousand changes of one second each"] = () => In(Series("s", "RRULE:FREQ=SECONDLY;COUNT=1000000000") + string.Concat(Enumerable.Range(0, 10_000).Select(index =>
            Change("s", $"2027010{1 + (index % 9)}T{index % 24:00}{index % 60:00}{index % 59:00}Z", ";RANGE=THISANDFUTURE")))),
        ["one series split five thousand times"] = () => In(Series("s", "RRULE:FREQ=DAILY") + string.Concat(Enumerable.Range(0, 5_000).Select(index =>
            Change("s", new NodaTime.LocalDate(2026, 1, 1).PlusDays(index).ToString("uuuuMMdd'T000000Z'", null), ";RANGE=THISANDFUTURE")))),
        ["a series of many dates with many changes"] = () => In(Series("s", "RRULE:FREQ=DAILY", Dates("EXDATE", 5_000), Dates("RDATE", 900))
            + string.Concat(Enumerable.Range(0, 4_000).Select(index =>
            Change("s", new NodaTime.LocalDate(2026, 1, 1).PlusDays(index).ToString("uuuuMMdd'T110000Z'", null), "")))),
        ["excluded days of every second"] = () => In(Repeat(Series("s", "RRULE:FREQ=SECONDLY;COUNT=1000000000", "EXDATE;VALUE=DATE:20270101,20270102,20990101"), 50)),
        ["sixty thousand excluded dates"] = () => In(Series("s", "RRULE:FREQ=DAILY", Dates("EXDATE", 58_000))),
        ["added dates on lines of their own"] = () => In(Series("s", [.. Enumerable.Repeat("RDATE:20270101T000000Z", 300_000)])),
        ["rules by the thousand"] = () => In(Series("s", [.. Enumerable.Repeat("RRULE:FREQ=SECONDLY", 10_000)])),
        ["alarms that repeat"] = () => In(Repeat(
            "BEGIN:VEVENT\r\nUID:s\r\nDTSTART:20260101T000000Z\r\nRRULE:FREQ=SECONDLY\r\nBEGIN:VALARM\r\nACTION:AUDIO\r\nTRIGGER:-PT1S\r\nREPEAT:2000000000\r\n"
            + "DURATION:PT1S\r\nEND:VALARM\r\nEND:VEVENT\r\n", 20_000)),
    };

    public static TheoryData<string> SeriesShapes => [.. SeriesBombs.Keys];

    [Theory]
    [MemberData(nameof(SeriesShapes))]
    public void A_bomb_of_series_is_grouped_within_seconds_and_little_memory(string shape)
    {
        var text = SeriesBombs[shape]();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var began = Stopwatch.StartNew();
        var grouped = Reading.Grouped(text);
        Assert.True(began.Elapsed < Longest, $"{shape}: {began.Elapsed} for {grouped.Series.Count} series, {grouped.Skipped.Count} skipped");
        var held = GC.GetTotalMemory(forceFullCollection: true) - before;
        TestContext.Current.TestOutputHelper?.WriteLine($"{began.Elapsed}, {held / 1024} KiB, {grouped.Singles.Count} + {grouped.Series.Count}, {grouped.Skipped.Count} skipped");
        Assert.True(held < 100_000_000, $"{shape}: {held} bytes held");
        GC.KeepAlive(grouped);
    }

    [Fact]
    public void Ten_thousand_excluded_dates_are_refused_by_their_limit()
    {
        foreach (var text in new[] { Series("s", "RRULE:FREQ=DAILY", Dates("EXDATE", 10_000)), Series("s", ["RRULE:FREQ=DAILY", .. Enumerable.Repeat("EXDATE:20270101T000000Z", 10_000)]) })
        {
            var skipped = Assert.IsType<CalendarItem.Skipped>(Assert.Single(Reading.Items(In(text))));
            Assert.Equal(SkipCode.TooLarge, skipped.Code);
            Assert.Contains("more than 5000 excluded dates", skipped.Reason, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Reading_ends_with_a_reason_after_the_most_items()
    {
        var items = CalendarReader.Read(In(Repeat(Event, 10)), CalendarReading.Usual with { MostItems = 3 }).ToList();
        Assert.Equal(4, items.Count);
        Assert.Contains("more than 3 items", Assert.IsType<CalendarItem.Skipped>(items[3]).Reason, StringComparison.Ordinal);
    }

    /// <summary>Bytes of a good calendar put out of order: whatever comes, it is items.</summary>
    [Fact]
    public void Damage_of_any_kind_reads_as_items() => Gen.Select(Gen.Int[0, 1_000], Gen.Int[0, 200], Gen.String[0, 8], Gen.Int[0, 1_000])
        .Array[1, 12].Sample(
            damages =>
            {
                var text = new StringBuilder(In(Repeat(Event, 2)));
                foreach (var (at, length, inserted, from) in damages)
                {
                    var start = Math.Min(at, text.Length);
                    text.Remove(start, Math.Min(length, text.Length - start)).Insert(start, inserted);
                    text.Insert(Math.Min(from, text.Length), Event.AsSpan(from % Event.Length));
                }

                return CalendarReader.Read(text.ToString(), CalendarReading.Usual).Count() < 1_000;
            },
            iter: 5_000);

    /// <summary>The same with series, which are grouped and split as well.</summary>
    [Fact]
    public void Damage_of_series_of_any_kind_is_grouped() => Gen.Select(Gen.Int[0, 900], Gen.Int[0, 12], Gen.OneOf(Gen.String[0, 3], Piece), Gen.Int[0, 900])
        .Array[1, 6].Sample(
            damages =>
            {
                var text = new StringBuilder(In(SeriesText));
                foreach (var (at, length, inserted, _) in damages)
                {
                    var start = Math.Min(at, text.Length);
                    text.Remove(start, Math.Min(length, text.Length - start)).Insert(start, inserted);
                }

                return Reading.Written(Reading.Grouped(text.ToString())).Length > 0;
            },
            iter: 10_000);

    private static readonly string SeriesText = Series(
            "x", "RRULE:FREQ=WEEKLY;UNTIL=20270101T000000Z;BYDAY=TH,SA", "EXDATE;TZID=Europe/Paris:20260110T010000,20260117T010000", "EXRULE:FREQ=MONTHLY")
        + Series("x", "RDATE;VALUE=PERIOD:20260102T090000Z/PT2H,20260103T090000Z/20260103T100000Z", "RECURRENCE-ID;RANGE=THISANDFUTURE:20260305T000000Z")
        + Change("x", "20260108T000000Z", "") + Change("x", "20260307T000000Z", ";RANGE=THISANDFUTURE") + Change("x", "20260411", ";VALUE=DATE");

    private static readonly string[] Pieces =
    [
        "-", "99981231", "00010101", "-99980101T000000", ";COUNT=3", "21990101T000000Z", "19000101T000000Z", ";SKIP=BACKWARD", "HOURLY", ",", "\r\nRRULE:FREQ=YEARLY", ";INTERVAL=2",
    ];

    private static Gen<string> Piece => Gen.Int[0, Pieces.Length - 1].Select(place => Pieces[place]);

    private static string Series(string uid, params string[] lines) =>
        $"BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTART:20260101T000000Z\r\nDURATION:PT1S\r\n{string.Join("\r\n", lines)}\r\nEND:VEVENT\r\n";

    private static string Change(string uid, string id, string range) =>
        $"BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTART:{id}\r\nRECURRENCE-ID{range}:{id}\r\nEND:VEVENT\r\n";

    private static string Dates(string property, int count) => $"{property}:" + string.Join(
        ',', Enumerable.Range(0, count).Select(index => new NodaTime.LocalDate(2026, 1, 1).PlusDays(index).ToString("uuuuMMdd'T000000Z'", null)));

    private static string In(string content) => "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + content + "END:VCALENDAR\r\n";

    private static string Repeat(string text, int times) => new StringBuilder(text.Length * times).Insert(0, text, times).ToString();
}
