using Kalends.Bench.Load;
using NodaTime;

namespace Kalends.Bench.Postgres;

/// <summary>One query as a request and as the bare SQL; <see cref="Target"/> is the ratio of the p95 that is wanted.</summary>
/// <param name="People">Asked for at once.</param>
/// <param name="Days">Of the span; 0 is an hour.</param>
/// <param name="Questions">Only so many different ones are asked, again and again, so that a cache knows them; 0 for any.</param>
public sealed record PostgresOperation(
    string Name, string Path, int People, int Days, int Questions, string More, Func<int, int, int, string> Sql, double Target)
{
    private const string Get = "queries/get-appointments";
    private const string Check = "queries/check-for-conflicts";

    /// <summary>A page that holds all.</summary>
    private const string Whole = ",\"limit\":20000";

    private const int Named = 1_000;

    private static readonly string First = $",\"limit\":{Named}";

    private static readonly Func<int, int, int, string> Conflicts = (people, days, questions) => BareSql.Conflicts(people, days, questions, Named);

    public static readonly IReadOnlyList<PostgresOperation> All =
    [
        new("a person's week", Get, 1, 7, 0, Whole, BareSql.Appointments, 2),
        new("a person's year", Get, 1, 363, 0, Whole, BareSql.Appointments, 2),
        new("50 people's month", Get, 50, 28, 0, Whole, BareSql.Appointments, 2),
        new("conflicts, 50 people, an hour", Check, 50, 0, 0, First, Conflicts, 2),
        new("the same, asked again", Check, 50, 0, 100, First, Conflicts, 1),
        new("conflicts, 50 people, 2 weeks", Check, 50, 14, 0, First, Conflicts, 2),
        new("the same, asked again", Check, 50, 14, 100, First, Conflicts, 1),
        new("openings, 50 people, 2 weeks", "queries/find-openings", 50, 14, 0, ",\"duration\":\"PT30M\"", BareSql.Busy, 1),
    ];

    /// <summary>For pgbench.</summary>
    public string Script => Sql(People, Days, Questions);

    public string Draw(Random random, int people)
    {
        var span = Math.Max(1, 363 - Days);
        var which = Questions == 0 ? 0 : random.Next(Questions);
        return Questions == 0 ? Body(random.Next(people), random.Next(span), people) : Body(which * 97 % people, which * 31 % span, people);
    }

    /// <summary>Asks for everybody's openings in the whole year, so that a server knows all of it.</summary>
    public static async Task Warm(HttpClient client, int people)
    {
        var year = All[^1] with { Days = 363 };
        foreach (var some in Enumerable.Range(0, people).Chunk(year.People))
        {
            await Operation.Send(client, year.Path, year.Body(some, 0));
        }
    }

    private string Body(int first, int day, int people) => Body([.. Enumerable.Range(0, People).Select(place => (first + (place * 7)) % people).Distinct()], day);

    private string Body(int[] people, int day)
    {
        var from = Company.FirstDay.PlusDays(day).AtMidnight().InUtc().ToInstant();
        var to = Days == 0 ? from + Duration.FromHours(1) : from + Duration.FromDays(Days);
        return $$"""{"timespan":{"from":"{{from}}","to":"{{to}}"},"attendees":["{{string.Join("\",\"", people.Select(Company.Person))}}"]{{More}}}""";
    }
}
