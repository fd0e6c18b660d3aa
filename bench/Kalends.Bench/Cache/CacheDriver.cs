using System.Diagnostics;
using System.Globalization;
using Kalends.Bench.Load;
using NodaTime;

namespace Kalends.Bench.Cache;

/// <summary>
/// What the free/busy cache is good for: openings and conflicts of 50 people over HTTP, asked for the first time (cold) and again (warm), of a server
/// with the cache and of one without, and in turns the bare statements that fetch the rows. The PostgreSQL named is filled when it is empty.
/// </summary>
public static class CacheDriver
{
    private const int People = 50;
    private const int Rounds = 300;
    private const int Conflicts = 1_000;
    private const int Years = 3;

    public static async Task<int> Run(string connectionString, int attendances, TextWriter output)
    {
        var company = new Company(Company.PeopleFor(attendances), seed: 1);
        await Fill(connectionString, company);
        await using var bare = await BareSearches.Open(connectionString);
        using var server = await ServerProcess.Start(connectionString);
        using var without = await ServerProcess.Start(connectionString, "Kalends:Cache:Enabled=false");
        await output.WriteLineAsync($"{bare.Calendars} people; {Rounds} rounds in turns; milliseconds, p50 / p95");
        await output.WriteLineAsync("| operation | bare SQL | cold | warm | without cache | warm to bare, p50 | p95 |");
        await output.WriteLineAsync("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
        var openings = new Asked("openings, 2 weeks", "find-openings", ",\"duration\":\"PT30M\",\"limit\":20", Duration.FromDays(14), bare.Busy);
        foreach (var operation in new Asked[]
        {
            openings,
            new("free/busy, 2 weeks", "get-free-busy", "", Duration.FromDays(14), bare.Busy),
            new("conflicts, 1 hour", "check-for-conflicts", "", Duration.FromHours(1), (who, from, to) => bare.Conflicts(who, from, to, 200)),
            new("conflicts, 2 weeks", "check-for-conflicts", $",\"limit\":{Conflicts}", Duration.FromDays(14), (who, from, to) => bare.Conflicts(who, from, to, Conflicts)),
        })
        {
            await output.WriteLineAsync(await Measure(operation, company, server.Client, without.Client));
        }

        var began = server.ResidentBytes;
        var started = Stopwatch.GetTimestamp();
        var most = began;
        for (var again = 0; again < Years; again++)
        {
            await AskForEverybodysYear(company, server.Client);
            most = Math.Max(most, server.ResidentBytes);
        }

        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"\nresident: {began / 1e6:N0} MB with the cache, {without.ResidentBytes / 1e6:N0} MB without; everybody's year asked for {Years} times in "
            + $"{Stopwatch.GetElapsedTime(started).TotalSeconds:N0} s: {most / 1e6:N0} MB at most"));
        await output.WriteLineAsync(await Measure(openings, company, server.Client, without.Client));
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"resident: {server.ResidentBytes / 1e6:N0} MB"));
        return 0;
    }

    private static async Task AskForEverybodysYear(Company company, HttpClient client)
    {
        var (from, to) = (Company.FirstDay.AtMidnight().InUtc().ToInstant(), Company.FirstDay.PlusDays(364).AtMidnight().InUtc().ToInstant());
        foreach (var some in Enumerable.Range(0, company.People).Chunk(People))
        {
            var names = string.Join("\",\"", some.Select(Company.Person));
            await Operation.Send(
                client, "queries/find-openings", $$"""{"timespan":{"from":"{{from}}","to":"{{to}}"},"attendees":["{{names}}"],"duration":"PT30M","limit":1}""");
        }
    }

    private static async Task Fill(string connectionString, Company company)
    {
        await using (var store = new Storage.Postgres.PostgresStore(connectionString))
        {
            await store.Migrate(default);
            if ((await store.Tenants(default)).Count > 0)
            {
                return;
            }
        }

        await Filling.Run(connectionString, company);
    }

    private static async Task<string> Measure(Asked operation, Company company, HttpClient client, HttpClient without)
    {
        var random = new Random(1);
        var times = Enumerable.Range(0, 4).Select(_ => new List<double>()).ToArray();
        for (var round = -150; round < Rounds; round++)
        {
            var first = random.Next(company.People);
            List<string> names = [.. Enumerable.Range(0, People).Select(place => Company.Person((first + (place * 7)) % company.People).Value).Distinct()];
            var from = Company.FirstDay.PlusDays(random.Next(350)).At(new LocalTime(9 + random.Next(7), 0)).InUtc().ToInstant();
            var to = from + operation.Length;
            var body = $$"""{"timespan":{"from":"{{from}}","to":"{{to}}"},"attendees":["{{string.Join("\",\"", names)}}"]{{operation.More}}}""";
            double[] taken =
            [
                await Time(() => operation.Bare(names, from.ToDateTimeUtc(), to.ToDateTimeUtc())),
                await Time(() => Operation.Send(client, operation.Path, body)),
                await Time(() => Operation.Send(client, operation.Path, body)),
                await Time(() => Operation.Send(without, operation.Path, body)),
            ];
            for (var place = 0; round >= 0 && place < taken.Length; place++)
            {
                times[place].Add(taken[place]);
            }
        }

        var (bare, warm) = (times[0], times[2]);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"| {operation.Name} | {string.Join(" | ", times.Select(list => $"{At(list, 0.5):0.00} / {At(list, 0.95):0.00}"))} "
            + $"| {At(warm, 0.5) / At(bare, 0.5):0.00} | {At(warm, 0.95) / At(bare, 0.95):0.00} |");
    }

    private static async Task<double> Time(Func<Task<long>> work)
    {
        var started = Stopwatch.GetTimestamp();
        await work();
        return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    }

    private static double At(List<double> values, double share) => values.Order().ElementAt((int)(share * (values.Count - 1)));

    private sealed record Asked(string Name, string Query, string More, Duration Length, Func<IReadOnlyList<string>, DateTime, DateTime, Task<long>> Bare)
    {
        public string Path => "queries/" + Query;
    }
}
