using Kalends.Bench.Load;
using NodaTime;

namespace Kalends.Bench.Postgres;

/// <summary>One query as a request and as the bare SQL; <see cref="Target"/> is the ratio of the p95 that is wanted.</summary>
public sealed record PostgresOperation(string Name, string Path, int People, int Days, string More, string Script, double Target)
{
    public static readonly IReadOnlyList<PostgresOperation> All =
    [
        new("a person's week", "queries/get-appointments", 1, 7, ",\"limit\":20000", BareSql.Appointments(1, 7), 2),
        new("a person's year", "queries/get-appointments", 1, 363, ",\"limit\":20000", BareSql.Appointments(1, 363), 2),
        new("50 people's month", "queries/get-appointments", 50, 28, ",\"limit\":20000", BareSql.Appointments(50, 28), 2),
        new("conflicts, 50 people, an hour", "queries/check-for-conflicts", 50, 0, ",\"limit\":1000", BareSql.Conflicts(50, 0, 1_000), 2),
        new("conflicts, 50 people, 2 weeks", "queries/check-for-conflicts", 50, 14, ",\"limit\":1000", BareSql.Conflicts(50, 14, 1_000), 1),
        new("openings, 50 people, 2 weeks", "queries/find-openings", 50, 14, ",\"duration\":\"PT30M\"", BareSql.Busy(50, 14), 1),
    ];

    public string Draw(Random random, int people)
    {
        var first = random.Next(people);
        var names = Enumerable.Range(0, People).Select(place => Company.Person((first + (place * 7)) % people).Value).Distinct();
        var from = Company.FirstDay.PlusDays(random.Next(0, Math.Max(1, 363 - Days))).AtMidnight().InUtc().ToInstant();
        var to = Days == 0 ? from + Duration.FromHours(1) : from + Duration.FromDays(Days);
        return $$"""{"timespan":{"from":"{{from}}","to":"{{to}}"},"attendees":["{{string.Join("\",\"", names)}}"]{{More}}}""";
    }
}
