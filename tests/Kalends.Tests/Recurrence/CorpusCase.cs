using System.Text.Json;
using System.Text.RegularExpressions;
using Kalends.Tests.Rules;

namespace Kalends.Tests.Recurrence;

/// <summary>One line of the corpus, and of a disputed one what the dispute is about.</summary>
internal sealed record CorpusCase(string Line, JsonElement Json)
{
    public string Id => Json.GetProperty("id").GetString()!;

    public bool IsDisputed => Json.TryGetProperty("disputed", out _);

    public bool IsInvalid => Json.TryGetProperty("invalid", out _);

    public string Rule => Text("rrule") ?? "";

    public string? Text(string member) => Json.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>Wall times; a bare date is its midnight.</summary>
    public List<string> Times(string member) => Times(Json, member);

    public static List<string> Times(JsonElement json, string member) => json.TryGetProperty(member, out var list)
        ? [.. list.EnumerateArray().Select(time => time.GetString()! is { Length: 10 } date ? date + "T00:00:00" : time.GetString()!)]
        : [];

    public static IEnumerable<CorpusCase> All() => SourceTree.Read("tests/corpora/recurrence.jsonl")
        .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => new CorpusCase(line, JsonDocument.Parse(line).RootElement));

    /// <summary>The first kind that fits, as docs/recurrence.md names them.</summary>
    public string Kind() => Kinds().First(kind => kind.Fits).Name;

    private IEnumerable<(string Name, bool Fits)> Kinds() =>
    [
        ("rscale-not-gregorian", Rule.Contains("RSCALE", StringComparison.Ordinal) && !Has("RSCALE=GREGORIAN")),
        ("skip-weeks", Has("SKIP=(BACKWARD|FORWARD)") && Has("BYWEEKNO")),
        ("skip-days", Has("RSCALE")),
        ("value-out-of-range", IsInvalid && Has("=0[;,]|=0$|=0[A-Z]|,0[A-Z]|=-1$|255|367|390|13$|64|55|1\\.5")),
        ("byday-of-the-year", Has("BYDAY=20MO")),
        ("ordinal-zero", Has("BYDAY=[^;]*0(MO|SA|TU)")),
        ("text-malformed", Has("FREQ.*FREQ|;;|foobar|2015-07-01")),
        ("year-10000", IsInvalid && (Text("dtstart")!.StartsWith("999", StringComparison.Ordinal) || Has("2000000000"))),
        ("byday-sixth-of-month", Has("6MO")),
        ("byweekno-not-yearly", Has("BYWEEKNO") && !Has("YEARLY")),
        ("bymonthday-weekly", Has("WEEKLY") && Has("BYMONTHDAY")),
        ("byyearday-not-yearly", Has("BYYEARDAY") && Has("MONTHLY|WEEKLY|DAILY")),
        ("byday-numbered-too-fine", Has("BYDAY=[^;]*[0-9]") && Has("DAILY|HOURLY|MINUTELY")),
        ("byweekno-interval", Has("BYWEEKNO") && Has("INTERVAL")),
        ("byweekno-with-bymonthday", Has("BYWEEKNO") && Has("BYMONTHDAY|BYYEARDAY")),
        ("byweekno-without-byday", Has("BYWEEKNO") && !Has("BYDAY")),
        ("byweekno-with-byday", Has("BYWEEKNO")),
        ("yearly-bymonthday-alone", Has("YEARLY") && Has("BYMONTHDAY") && !Has("BYMONTH=")),
        ("never-matches", Has("BYMONTHDAY=31$|INTERVAL=4;BYHOUR|INTERVAL=120")),
        ("byyearday-limited", Has("BYYEARDAY") && !Has("BYSETPOS")),
        ("bysetpos", Has("BYSETPOS")),
        ("byday-numbered-and-not", Has("BYDAY=[^;]*[0-9]") && Has("MONTHLY")),
        ("times-with-a-date", Text("dtstart")!.Length == 10 && Has("BYMINUTE")),
        ("missing-day", Has("^FREQ=MONTHLY;COUNT=\\d+(;INTERVAL=1)?$")),
        ("fine-interval-with-limit", Has("SECONDLY|MINUTELY|HOURLY") && Has("INTERVAL=(61|7|90061)")),
        ("range-and-length", Has("INTERVAL=18")),
        ("gap-of-many-a-day", Text("tzid") == "Europe/Zurich"),
        ("exrule", Rule.Length == 0),
        ("lists-and-limits", true),
    ];

    private bool Has(string pattern) => Regex.IsMatch(Rule, pattern);
}
