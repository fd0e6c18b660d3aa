using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
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

    internal static readonly LocalDatePattern DateText = LocalDatePattern.Iso;

    internal static readonly LocalDateTimePattern TimeText = LocalDateTimePattern.CreateWithInvariantCulture("uuuu-MM-dd'T'HH:mm:ss");

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
}
