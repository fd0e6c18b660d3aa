using System.Net.Http.Headers;
using System.Text;
using NodaTime;

namespace Kalends.Bench.Load;

/// <summary>One operation as a request and as the bare statements that do the same work on the same people and time.</summary>
public sealed record Operation(string Name, string Path, Func<Random, (string Body, Func<long> Bare)> Draw, double? Target)
{
    public static IReadOnlyList<Operation> All(Company company, BareSqlite bare, BareWrites writes) =>
    [
        new("save 1 appointment of 5", "commands/save-appointments", random => Save(company, random, writes), null),
        new("a person's year", "queries/get-appointments", random =>
            Query(company, random, 1, 364, ",\"limit\":20000", (keys, from, to) => bare.Appointments(keys, from, to), bare), 3),
        new("50 people's month", "queries/get-appointments", random =>
            Query(company, random, 50, 28, ",\"limit\":20000", (keys, from, to) => bare.Appointments(keys, from, to), bare), 3),
        new("conflicts, 50 people, 2 weeks", "queries/check-for-conflicts", random =>
            Query(company, random, 50, 14, ",\"limit\":1000", (keys, from, to) => bare.Conflicts(keys, from, to, 1_000), bare), 1.5),
        new("openings, 50 people, 2 weeks", "queries/find-openings", random =>
            Query(company, random, 50, 14, ",\"duration\":\"PT30M\"", bare.Busy, bare), 1.5),
        new("free/busy, 50 people, 2 weeks", "queries/get-free-busy", random => Query(company, random, 50, 14, "", bare.Busy, bare), null),
    ];

    public static async Task<long> Send(HttpClient client, string path, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        using var answer = await client.PostAsync(new Uri("/v1/" + path, UriKind.Relative), content);
        var bytes = await answer.Content.ReadAsByteArrayAsync();
        return answer.IsSuccessStatusCode ? bytes.Length : throw new InvalidOperationException(Encoding.UTF8.GetString(bytes));
    }

    private static (string, Func<long>) Query(
        Company company, Random random, int people, int days, string more, Func<IReadOnlyList<long>, long, long, long> run, BareSqlite bare)
    {
        var first = random.Next(company.People);
        List<string> names = [.. Enumerable.Range(0, people).Select(place => Company.Person((first + (place * 7)) % company.People).Value).Distinct()];
        var from = Company.FirstDay.PlusDays(random.Next(0, Math.Max(1, 364 - days))).AtMidnight().InUtc().ToInstant();
        var to = from + Duration.FromDays(days);
        List<long> keys = [.. names.Select(bare.Key)];
        var body = $$"""{"timespan":{"from":"{{from}}","to":"{{to}}"},"attendees":["{{string.Join("\",\"", names)}}"]{{more}}}""";
        return (body, () => run(keys, from.ToUnixTimeSeconds(), to.ToUnixTimeSeconds()));
    }

    private static (string, Func<long>) Save(Company company, Random random, BareWrites writes)
    {
        var first = random.Next(company.People);
        var attendees = string.Join(',', Enumerable.Range(0, 5).Select(place => $$"""{"calendar":"{{Company.Person((first + place) % company.People)}}"}"""));
        var start = Company.FirstDay.PlusDays(random.Next(364)).At(new LocalTime(9, 0));
        var appointment = $$"""
            {"owner":"{{Company.Person(first)}}","title":"Review of work","start":"{{start:uuuu-MM-ddTHH:mm:ss}}","timeZone":"Europe/Paris","duration":"PT30M",
             "description":"Agenda: what was done, what comes next, what stands in the way.","attendees":[{{attendees}}]}
            """;
        var stored = new string('x', 800);
        return ($$"""{"appointments":[{{appointment}}]}""", () => writes.Save(5, stored));
    }
}
