using System.Diagnostics;
using System.Globalization;
using System.Text;
using Kalends.Messages;
using Kalends.Permissions;
using Kalends.Storage.Postgres;
using NodaTime;
using Npgsql;

namespace Kalends.Bench.Postgres;

/// <summary>
/// Saves on PostgreSQL through the dispatcher, in turns with the bare batch of the same statements: one appointment with five attendees by 32 clients
/// at once, and 1,300 with 2.2 in one call. Then searches over what was saved. The database named must be empty; it is migrated and filled.
/// </summary>
public static class PostgresDriver
{
    private const int Clients = 32;
    private const int People = 2_000;
    private const int Seconds = 5;

    private static readonly Caller Clerk = new("bench", new("service:bench"), "bench", Scopes.Read | Scopes.Write | Scopes.Admin);

    public static async Task<int> Run(string connectionString, int rounds, TextWriter output)
    {
        await using var store = new PostgresStore(connectionString);
        await store.Migrate(default);
        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connectionString)
        {
            MaxAutoPrepare = 100, AutoPrepareMinUsages = 2, NoResetOnClose = true, MaxPoolSize = Clients + 8,
        });
        var dispatcher = new Dispatcher(store, new OwnCalendarOnly(), new Standing());
        await Do(dispatcher, "save-calendars", $$"""{"calendars":[{{string.Join(',', Enumerable.Range(1, 1_000).Select(Person))}}]}""");
        await Do(dispatcher, "save-calendars", $$"""{"calendars":[{{string.Join(',', Enumerable.Range(1_001, 1_000).Select(Person))}}]}""");
        await using (var sequence = source.CreateCommand("CREATE SEQUENCE bench_number"))
        {
            await sequence.ExecuteNonQueryAsync();
        }

        var (ordered, free) = (new BarePostgres(source, inOrder: true), new BarePostgres(source, inOrder: false));
        var measured = new Dictionary<string, List<double>>();
        var random = new Random(1);
        for (var round = -1; round < rounds; round++)
        {
            await Rate("saves/s, 32 clients, five attendees", five => Do(dispatcher, "save-appointments", $$"""{"appointments":[{{Meeting(five, 0)}}]}"""));
            await Rate("bare batch/s", five => ordered.Save([five]));
            await Rate("bare batch/s, numbers in no order", five => free.Save([five]));
            var year = Enumerable.Range(0, 1_300).Select(n => Some(n % 5 == 0 ? 3 : 2)).ToList();
            await Time("bulk save of 1,300, ms", () => Do(
                dispatcher, "save-appointments", $$"""{"appointments":[{{string.Join(',', year.Select((keys, n) => Meeting(keys, n)))}}]}"""));
            await Time("bare bulk, ms", () => ordered.Save(year));
            var fifty = string.Join(',', Some(50).Select(key => $"\"user:p{key}\""));
            const string Span = "\"timespan\":{\"from\":\"2027-01-11T00:00:00Z\",\"to\":\"2027-01-25T00:00:00Z\"}";
            await Time("openings of 50 people, two weeks, ms", () => Do(dispatcher, "find-openings", $$"""{{{Span}},"attendees":[{{fifty}}],"duration":"PT30M","limit":3}"""));
            await Time("conflicts of 50 people, two weeks, ms", () => Do(dispatcher, "check-for-conflicts", $$"""{{{Span}},"attendees":[{{fifty}}],"limit":1000}"""));
            await Time("appointments of 50 people, two weeks, ms", () => Do(dispatcher, "get-appointments", $$"""{{{Span}},"attendees":[{{fifty}}],"limit":1000}"""));
        }

        foreach (var (name, values) in measured)
        {
            var sorted = values.Order().ToList();
            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"| {name} | {sorted[sorted.Count / 2]:0.0} |"));
        }

        return 0;

        int[] Some(int count)
        {
            lock (random)
            {
                var keys = new HashSet<int>();
                while (keys.Count < count)
                {
                    keys.Add(1 + random.Next(People));
                }

                return [.. keys];
            }
        }

        async Task Rate(string name, Func<int[], Task> save)
        {
            var (began, done) = (Stopwatch.GetTimestamp(), 0);
            await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => Task.Run(async () =>
            {
                while (Stopwatch.GetElapsedTime(began).TotalSeconds < Seconds)
                {
                    await save(Some(5));
                    Interlocked.Increment(ref done);
                }
            })));
            Keep(name, done / Stopwatch.GetElapsedTime(began).TotalSeconds);
        }

        async Task Time(string name, Func<Task> work)
        {
            for (var again = 0; again < 5; again++)
            {
                var began = Stopwatch.GetTimestamp();
                await work();
                Keep(name, Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            }
        }

        void Keep(string name, double value)
        {
            if (!measured.TryGetValue(name, out var values))
            {
                measured[name] = values = [];
            }

            values.Add(value);
        }
    }

    private static string Person(int number) => $$"""{"calendar":"user:p{{number}}","kind":"user"}""";

    private static string Meeting(int[] keys, int number)
    {
        var start = new LocalDateTime(2027, 1, 4, 8, 0).PlusDays(((keys[0] * 7) + number) % 250).PlusMinutes(30 * ((keys[^1] + number) % 20));
        return $$"""
            {"owner":"user:p{{keys[0]}}","title":"{{new string('x', 300)}}","start":"{{start:uuuu-MM-dd'T'HH:mm:ss}}","timeZone":"Europe/Paris","duration":"PT30M",
             "attendees":[{{string.Join(',', keys.Select(key => $$"""{"calendar":"user:p{{key}}"}"""))}}]}
            """;
    }

    private static async Task Do(Dispatcher dispatcher, string name, string json)
    {
        var reply = await Catalogue.Entries.Single(entry => entry.Name == name).Run(dispatcher, Encoding.UTF8.GetBytes(json), Clerk, new(), default);
        if (reply.Refusal is { } refusal)
        {
            throw new InvalidOperationException($"{name} was refused: {refusal.Detail} {string.Join(' ', refusal.Errors)}");
        }
    }

    private sealed class Standing : IClock
    {
        public Instant GetCurrentInstant() => Instant.FromUtc(2026, 11, 24, 8, 0);
    }
}
