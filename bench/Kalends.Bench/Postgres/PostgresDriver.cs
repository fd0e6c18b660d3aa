using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Kalends.Bench.Load;
using Kalends.Storage.Postgres;
using Npgsql;

namespace Kalends.Bench.Postgres;

/// <summary>
/// A company's year on PostgreSQL: fills a tenth of it, measures, fills the rest, measures again. Each operation goes through HTTP against the real
/// server, and in the same run, in turns, the same SQL through pgbench: machines are noisy, so what counts is the ratio. The database named must be
/// empty. With few people it runs in the tests.
/// </summary>
public static class PostgresDriver
{
    private const int Clients = 32;

    private static readonly TimeSpan LongestWarmUp = TimeSpan.FromSeconds(15);

    public static async Task<int> Run(PostgresSettings settings, TextWriter output)
    {
        var folder = Directory.CreateTempSubdirectory("kalends-bench-").FullName;
        try
        {
            await using var source = NpgsqlDataSource.Create(settings.ConnectionString);
            await using (var store = new PostgresStore(settings.ConnectionString))
            {
                await store.Migrate(default);
            }

            var pgbench = new PgBench(PgBench.Find(), settings.ConnectionString, folder);
            if (settings.Filled)
            {
                await Size(settings, source, pgbench, output, (settings.People, settings.People), []);
                return 0;
            }

            await Execute(source, BareSql.Ground());
            var tenth = Math.Max(20, settings.People / 10);
            var small = await Size(settings, source, pgbench, output, (0, tenth), []);
            await Size(settings, source, pgbench, output, (tenth, settings.People), small);
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<Dictionary<string, double>> Size(
        PostgresSettings settings, NpgsqlDataSource source, PgBench pgbench, TextWriter output, (int From, int To) people, Dictionary<string, double> small)
    {
        if (people.To > people.From)
        {
            await new PostgresCompany(source, people.From, new(people.To - people.From, settings.Seed, alone: 60)).Fill();
        }
        else if (!settings.Filled)
        {
            return small;
        }

        await Execute(source, "VACUUM (ANALYZE) appointment, attendance, calendar, calendar_change");
        await output.WriteLineAsync($"\n{await Sizes(source, people.To)}\n");
        await Reindex(settings, output);
        await output.WriteLineAsync($"\n{await Sizes(source, people.To)}\n");
        using var server = await ServerProcess.Start(settings.ConnectionString);
        await output.WriteLineAsync("| operation | SQL p50 ms | SQL p95 | HTTP p50 | HTTP p95 | ratio p50 | ratio p95 | wanted | to a tenth, p95 | server CPU ms | kB |");
        await output.WriteLineAsync("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        await PostgresOperation.Warm(server.Client, people.To);
        var measured = new Dictionary<string, double>();
        foreach (var operation in PostgresOperation.All)
        {
            var key = $"{operation.Name} {operation.Days}";
            measured[key] = await Measure(operation, settings, server, pgbench, people.To, small.GetValueOrDefault(key), output);
        }

        await Saves(settings, server, pgbench, people.To, output);
        await Bulk(settings, source, server, people.To, output);
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"\nserver: {server.ResidentBytes / 1e6:N0} MB resident after the run"));
        return measured;
    }

    /// <summary>As <c>kalends reindex</c> does from time to time.</summary>
    private static async Task Reindex(PostgresSettings settings, TextWriter output)
    {
        await using var store = new PostgresStore(settings.ConnectionString);
        await foreach (var sentence in store.Reindex(default))
        {
            await output.WriteLineAsync(sentence);
        }
    }

    private static async Task<double> Measure(
        PostgresOperation operation, PostgresSettings settings, ServerProcess server, PgBench pgbench, int people, double small, TextWriter output)
    {
        var random = new Random(settings.Seed);
        List<double> http = [], bare = [];
        var bytes = 0L;
        // Warm means warm: the runtime recompiles hot code, beside the requests, for the first thousands of them.
        var began = Stopwatch.GetTimestamp();
        for (var round = 0; round < settings.WarmUp && Stopwatch.GetElapsedTime(began) < LongestWarmUp; round++)
        {
            await Operation.Send(server.Client, operation.Path, operation.Draw(random, people));
        }

        var cpu = server.ProcessorTime;
        for (var turn = 0; turn < settings.Turns; turn++)
        {
            bare.AddRange(await pgbench.Times(operation.Script, settings.Rounds, people));
            for (var round = 0; round < settings.Rounds; round++)
            {
                var body = operation.Draw(random, people);
                began = Stopwatch.GetTimestamp();
                bytes = await Operation.Send(server.Client, operation.Path, body);
                http.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            }
        }

        var spent = (server.ProcessorTime - cpu).TotalMilliseconds / http.Count;
        var (bare50, bare95, http50, http95) = (At(bare, 0.5), At(bare, 0.95), At(http, 0.5), At(http, 0.95));
        var growth = small > 0 ? (http95 / small).ToString("0.00", CultureInfo.InvariantCulture) : "";
        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"| {operation.Name} | {bare50:0.00} | {bare95:0.00} | {http50:0.00} | {http95:0.00} | {http50 / bare50:0.00} | {http95 / bare95:0.00} "
            + $"| {operation.Target:0.0} | {growth} | {spent:0.00} | {bytes / 1e3:0} |"));
        return http95;
    }

    /// <summary>In turns, so that both meet the same noise.</summary>
    private static async Task Saves(PostgresSettings settings, ServerProcess server, PgBench pgbench, int people, TextWriter output)
    {
        List<double> http = [], plain = [], pipeline = [];
        var random = new Random(settings.Seed);
        for (var turn = -1; turn < settings.Turns; turn++)
        {
            var (one, two, three) = (
                await Rate(server, settings, people, random),
                await pgbench.Rate(BareSql.Save(inPipeline: false), Clients, settings.Seconds, people),
                await pgbench.Rate(BareSql.Save(inPipeline: true), Clients, settings.Seconds, people));
            if (turn >= 0)
            {
                http.Add(one);
                plain.Add(two);
                pipeline.Add(three);
            }
        }

        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"\nsaves/s with five attendees, {Clients} clients: HTTP {At(http, 0.5):0}; pgbench {At(plain, 0.5):0} (ratio {At(http, 0.5) / At(plain, 0.5):0.00}, "
            + $"wanted 0.65); pgbench in two pipelines {At(pipeline, 0.5):0} (ratio {At(http, 0.5) / At(pipeline, 0.5):0.00})"));
    }

    private static async Task<double> Rate(ServerProcess server, PostgresSettings settings, int people, Random random)
    {
        var (began, done) = (Stopwatch.GetTimestamp(), 0);
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => Task.Run(async () =>
        {
            while (Stopwatch.GetElapsedTime(began).TotalSeconds < settings.Seconds)
            {
                var (first, day) = (random.Next(people), random.Next(250));
                await Operation.Send(server.Client, "commands/save-appointments", $$"""{"appointments":[{{Meeting(people, first, 5, day)}}]}""");
                Interlocked.Increment(ref done);
            }
        })));
        return done / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    /// <summary>A new user's first synchronisation: 1,300 appointments with 2.2 attendees in one call.</summary>
    private static async Task Bulk(PostgresSettings settings, NpgsqlDataSource source, ServerProcess server, int people, TextWriter output)
    {
        var (http, bare, random) = (new List<double>(), new BulkSql(source), new Random(settings.Seed));
        List<double> sql = [];
        for (var turn = -Math.Min(20, settings.WarmUp); turn < settings.Turns * 5; turn++)
        {
            var first = random.Next(people);
            List<int> attendees = [.. Enumerable.Range(0, 1_300).Select(n => n % 5 == 0 ? 3 : 2)];
            var body = $$"""{"appointments":[{{string.Join(',', attendees.Select((count, n) => Meeting(people, first, count, n)))}}]}""";
            var began = Stopwatch.GetTimestamp();
            await Operation.Send(server.Client, "commands/save-appointments", body);
            var ours = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
            began = Stopwatch.GetTimestamp();
            await bare.Save([.. attendees.Select(count => Enumerable.Range(0, count).Select(place => 1 + ((first + place) % people)).ToArray())]);
            if (turn >= 0)
            {
                http.Add(ours);
                sql.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            }
        }

        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"\n1,300 appointments in one call, 2.2 attendees: HTTP p50 {At(http, 0.5):0.0} ms, p95 {At(http, 0.95):0.0}; the bare batch {At(sql, 0.5):0.0}, {At(sql, 0.95):0.0} "
            + $"(ratio {At(http, 0.5) / At(sql, 0.5):0.00}, wanted 1.5)"));
    }

    private static string Meeting(int people, int first, int attendees, int number) => new JsonObject
    {
        ["owner"] = Company.Person(first).Value,
        ["title"] = $"Review of work {number}",
        ["location"] = "Second floor",
        ["start"] = new NodaTime.LocalDateTime(2027, 1, 4, 8, 0).PlusDays(number % 250).PlusMinutes(15 * (number % 36)).ToString("uuuu-MM-dd'T'HH:mm:ss", null),
        ["timeZone"] = "Europe/Paris",
        ["duration"] = "PT30M",
        ["attendees"] = new JsonArray([.. Enumerable.Range(0, attendees)
            .Select(place => (JsonNode)new JsonObject { ["calendar"] = Company.Person((first + place) % people).Value })]),
    }.ToJsonString();

    private static async Task<string> Sizes(NpgsqlDataSource source, int people)
    {
        await using var command = source.CreateCommand("""
            SELECT a.n, t.n, pg_total_relation_size('appointment') + pg_total_relation_size('attendance'),
                   pg_total_relation_size('calendar_change') + pg_total_relation_size('calendar'), pg_relation_size('attendance_pkey')
            FROM (SELECT count(*) AS n FROM appointment) a, (SELECT count(*) AS n FROM attendance) t
            """);
        command.CommandTimeout = 0;
        await using var row = await command.ExecuteReaderAsync();
        await row.ReadAsync();
        var (appointments, attendances) = (row.GetInt64(0), row.GetInt64(1));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{people:N0} people, {appointments:N0} appointments, {attendances:N0} attendances ({attendances / (double)appointments:0.00} each): "
            + $"{row.GetInt64(2) / (double)appointments:0} bytes an appointment with its attendances and all indexes (wanted 700), "
            + $"{row.GetInt64(3) / (double)appointments:0} more in the change log; the index that availability reads has {row.GetInt64(4) / 1e6:N0} MB");
    }

    private static async Task Execute(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync();
    }

    private static double At(List<double> values, double share)
    {
        values.Sort();
        return values[(int)(share * (values.Count - 1))];
    }
}

/// <param name="ConnectionString">Of an empty database.</param>
/// <param name="People">Each has 1,300 attendances a year.</param>
/// <param name="Rounds">Requests, and transactions of pgbench, in each turn.</param>
/// <param name="Turns">How often both take turns.</param>
/// <param name="WarmUp">Requests before that, but no longer than a quarter of a minute.</param>
/// <param name="Seconds">How long each counts saves in each turn.</param>
/// <param name="Seed">The same makes the same company.</param>
/// <param name="Filled">The database was filled by an earlier run; it is measured as it is.</param>
public sealed record PostgresSettings(string ConnectionString, int People, int Rounds, int Turns, int WarmUp, int Seconds, int Seed, bool Filled)
{
    public static PostgresSettings Parse(string[] arguments)
    {
        var said = arguments.Skip(1).Chunk(2).ToDictionary(pair => pair[0], pair => int.Parse(pair[^1], NumberStyles.None, CultureInfo.InvariantCulture));
        return said.Keys.Except(["--people", "--rounds", "--turns", "--warm-up", "--seconds", "--seed", "--filled"]).FirstOrDefault() is { } unknown
            ? throw new ArgumentException($"unknown option {unknown}: postgres CONNECTION [--people N] [--rounds N] [--turns N] [--warm-up N] [--seconds N] [--seed N] [--filled 1]")
            : new(
                arguments[0], said.GetValueOrDefault("--people", 10_000), said.GetValueOrDefault("--rounds", 100), said.GetValueOrDefault("--turns", 3),
                said.GetValueOrDefault("--warm-up", 4_000), said.GetValueOrDefault("--seconds", 5), said.GetValueOrDefault("--seed", 1),
                said.GetValueOrDefault("--filled") > 0);
    }
}
