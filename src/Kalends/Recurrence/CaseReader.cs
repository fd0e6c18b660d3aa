using System.Text.Json;
using Kalends.Time;
using NodaTime;
using NodaTime.Text;

namespace Kalends.Recurrence;

/// <summary>Reads the members; the first fault stays, and what follows it has no meaning.</summary>
internal sealed class CaseReader(JsonElement given)
{
    private static readonly LocalDateTimePattern MinuteText = LocalDateTimePattern.CreateWithInvariantCulture("uuuu-MM-dd'T'HH:mm");

    private DateTimeZone? zone;

    public RuleFault? Fault { get; private set; }

    public RecurrenceSet Set()
    {
        var start = Text("dtstart");
        zone = Zone(Text("tzid"));
        var tags = Texts("tags");
        return new()
        {
            Start = start is null ? Fail("dtstart", "is missing") : Wall("dtstart", start),
            AllDay = start is { Length: 10 },
            Zone = zone,
            Rules = [.. Rules("rrule"), .. Rules("extraRrules")],
            ExcludedRules = Rules("exrules"),
            AddedDates = Dates("rdate"),
            ExcludedDates = Dates("exdate"),
            StartReading = tags.Exists(KeepsStart) ? StartReading.KeptAndCounted : StartReading.Excluded,
        };
    }

    private static bool KeepsStart(string tag) =>
        tag is "dtstart-always-first" or "dtstart-unsynchronized:included" or "dtstart-unsynchronized:included-and-counted";

    public (Instant From, Instant To) Range()
    {
        var tags = Texts("tags");
        var second = Duration.FromSeconds(1);
        var from = Text("rangeStart") is { } first ? At("rangeStart", first) : Instant.MinValue;
        var to = Text("rangeEnd") is { } last ? At("rangeEnd", last) : Instant.MaxValue;
        return (from > Instant.MinValue && tags.Contains("range-exclusive") ? from + second : from,
            to < Instant.MaxValue && tags.Contains("range-inclusive") ? to + second : to);
    }

    public int? Limit()
    {
        if (!given.TryGetProperty("limit", out var limit) || limit.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        if (limit.ValueKind == JsonValueKind.Number && limit.TryGetInt32(out var number) && number is >= 0 and <= ExpandCase.MostOccurrences)
        {
            return number;
        }

        _ = Fail("limit", $"must be a whole number up to {ExpandCase.MostOccurrences}");
        return 0;
    }

    private List<RecurrenceRule> Rules(string member)
    {
        var rules = new List<RecurrenceRule>();
        foreach (var text in Texts(member))
        {
            if (RecurrenceRule.TryParse(text, RuleReading.Tolerant, out var rule, out var fault))
            {
                rules.Add(rule);
            }
            else
            {
                Fault ??= fault;
            }
        }

        return rules;
    }

    /// <summary>Of a period (start/end) the start.</summary>
    private List<Instant> Dates(string member) => [.. Texts(member).Select(text => At(member, text.Split('/')[0]))];

    private Instant At(string member, string text)
    {
        var utc = text.EndsWith('Z');
        var wall = CivilDays.Seconds(Wall(member, utc ? text[..^1] : text));
        return Instant.FromUnixTimeSeconds(utc || zone is null ? wall : new WallClock(zone).Resolve(wall));
    }

    private LocalDateTime Wall(string member, string text)
    {
        if (ExpandCase.DateText.Parse(text) is { Success: true } date)
        {
            return date.Value.AtMidnight();
        }

        var time = ExpandCase.TimeText.Parse(text) is { Success: true } whole ? whole : MinuteText.Parse(text);
        return time.Success && time.Value.Year is >= CivilDays.FirstYear and <= CivilDays.LastYear
            ? time.Value
            : Fail(member, "is neither a date (2026-01-05) nor a local time (2026-01-05T09:00:00)");
    }

    private DateTimeZone? Zone(string? name)
    {
        if (name is null || Zones.Canonical(name) is not { } canonical)
        {
            Fault ??= name is null ? null : new("tzid", $"'{name}' is not a zone that is known");
            return null;
        }

        return Zones.Get(canonical);
    }

    private string? Text(string member) => Texts(member) is [var text, ..] ? text : null;

    /// <summary>A text or a list of texts; absent and null are an empty list.</summary>
    private List<string> Texts(string member)
    {
        var found = given.TryGetProperty(member, out var value) ? value : default;
        var items = found.ValueKind == JsonValueKind.Array ? found.EnumerateArray().ToList()
            : found.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null ? [] : [found];
        if (items.Exists(item => item.ValueKind != JsonValueKind.String))
        {
            _ = Fail(member, "must be text");
            return [];
        }

        return items.ConvertAll(item => item.GetString()!);
    }

    private LocalDateTime Fail(string member, string detail)
    {
        Fault ??= new(member, detail);
        return new(2000, 1, 1, 0, 0);
    }
}
