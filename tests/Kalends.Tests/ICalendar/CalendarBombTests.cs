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

    private static string In(string content) => "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + content + "END:VCALENDAR\r\n";

    private static string Repeat(string text, int times) => new StringBuilder(text.Length * times).Insert(0, text, times).ToString();
}
