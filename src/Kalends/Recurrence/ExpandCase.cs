using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Kalends.Time;
using NodaTime;
using NodaTime.Text;

namespace Kalends.Recurrence;

/// <summary>
/// One line of JSON in, one out, for support and for test suites of others. In: <c>id</c>, <c>dtstart</c> (a bare date for whole days),
/// <c>tzid</c> (null floats), <c>rrule</c>, <c>extraRrules</c>, <c>exrules</c>, <c>rdate</c>, <c>exdate</c>, <c>rangeStart</c>,
/// <c>rangeEnd</c>, <c>limit</c>; other members are passed over. Out: <c>{"id", "occurrences": [local…]}</c> or <c>{"id", "error"}</c>.
/// Rules are read tolerantly, as from a file. A start that its rule does not make is left out, unless a tag asks for the other
/// reading; the tags <c>range-inclusive</c> and <c>range-exclusive</c> say which ends of the range are in.
/// </summary>
public static class ExpandCase
{
    /// <summary>More than this is not listed without a limit or a range: it is refused, not cut.</summary>
    public const int MostOccurrences = 10_000;

    private static readonly LocalDatePattern DateText = LocalDatePattern.Iso;

    private static readonly LocalDateTimePattern TimeText = LocalDateTimePattern.CreateWithInvariantCulture("uuuu-MM-dd'T'HH:mm:ss");

    private static readonly LocalDateTimePattern MinuteText = LocalDateTimePattern.CreateWithInvariantCulture("uuuu-MM-dd'T'HH:mm");

    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Answer(string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? Answer(document.RootElement)
                : Write(default, [], new("line", "must be a JSON object"));
        }
        catch (JsonException syntax)
        {
            return Write(default, [], new("line", $"is not JSON: byte {syntax.BytePositionInLine}"));
        }
    }

    private static string Answer(JsonElement given)
    {
        var reader = new CaseReader(given);
        var set = reader.Set();
        var fault = reader.Fault ?? Expansion.Check(set);
        var found = new List<string>();
        if (fault is null)
        {
            fault = Expand(set, reader.Range(), reader.Limit(), found);
            fault = reader.Fault ?? fault;
        }

        return Write(given.TryGetProperty("id", out var id) ? id : default, found, fault);
    }

    private static RuleFault? Expand(RecurrenceSet set, (Instant From, Instant To) range, int? limit, List<string> found)
    {
        var occurrences = new Expansion(set).Between(range.From, range.To);
        while (found.Count < (limit ?? MostOccurrences + 1) && occurrences.MoveNext())
        {
            found.Add(set.AllDay ? DateText.Format(occurrences.Local.Date) : TimeText.Format(occurrences.Local));
        }

        return occurrences.Fault
            ?? (found.Count > (limit ?? MostOccurrences) ? new("limit", $"is needed: there are more than {MostOccurrences} occurrences") : null);
    }

    private static string Write(JsonElement id, List<string> found, RuleFault? fault)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, Plain))
        {
            json.WriteStartObject();
            if (id.ValueKind != JsonValueKind.Undefined)
            {
                json.WritePropertyName("id");
                id.WriteTo(json);
            }

            if (fault is not null)
            {
                json.WriteString("error", fault.ToString());
            }
            else
            {
                json.WriteStartArray("occurrences");
                found.ForEach(json.WriteStringValue);
                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    /// <summary>Reads the members; the first fault stays, and what follows it has no meaning.</summary>
    private sealed class CaseReader(JsonElement given)
    {
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
                StartReading = tags.Any(tag => tag is "dtstart-always-first" or "dtstart-unsynchronized:included" or "dtstart-unsynchronized:included-and-counted")
                    ? StartReading.KeptAndCounted
                    : StartReading.Excluded,
            };
        }

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

            if (limit.ValueKind == JsonValueKind.Number && limit.TryGetInt32(out var number) && number is >= 0 and <= MostOccurrences)
            {
                return number;
            }

            _ = Fail("limit", $"must be a whole number up to {MostOccurrences}");
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
            if (DateText.Parse(text) is { Success: true } date)
            {
                return date.Value.AtMidnight();
            }

            var time = TimeText.Parse(text) is { Success: true } whole ? whole : MinuteText.Parse(text);
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
}
