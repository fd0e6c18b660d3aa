using Kalends.Recurrence;
using Kalends.Time;
using NodaTime;
using NodaTime.Text;

namespace Kalends.Tests.Recurrence;

/// <summary>Series in one line, and their walls as text.</summary>
internal static class Read
{
    private static readonly LocalDateTimePattern Minutes = LocalDateTimePattern.CreateWithInvariantCulture("uuuu-MM-dd'T'HH:mm");

    public static RecurrenceRule Rule(string text)
    {
        Assert.True(RecurrenceRule.TryParse(text, RuleReading.Strict, out var rule, out var fault), fault?.ToString());
        return rule;
    }

    public static LocalDateTime Time(string text) => Minutes.Parse(text.Length == 10 ? text + "T00:00" : text).GetValueOrThrow();

    public static RecurrenceSet Set(string start, string zone, params string[] rules) => new()
    {
        Start = Time(start), Zone = Zones.Get(zone), AllDay = start.Length == 10, Rules = [.. rules.Select(Rule)],
    };

    public static Instant Utc(string text) => Time(text).InUtc().ToInstant();

    /// <summary>The first walls, to the minute; bare dates for whole days.</summary>
    public static List<string> Walls(RecurrenceSet set, int most, string? from = null)
    {
        var occurrences = from is null ? new Expansion(set).All() : new Expansion(set).From(Utc(from));
        var found = new List<string>();
        while (found.Count < most && occurrences.MoveNext())
        {
            found.Add(Minutes.Format(occurrences.Local)[..(set.AllDay ? 10 : 16)]);
        }

        Assert.Null(occurrences.Fault);
        return found;
    }

    public static List<string> Walls(string start, string zone, string rule, int most = 100) => Walls(Set(start, zone, rule), most);
}
