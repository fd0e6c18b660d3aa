using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Kalends.Bench.Load;
using Kalends.Storage.Postgres;
using Npgsql;

namespace Kalends.Bench.Postgres;

/// <summary>
/// A company's year on PostgreSQL, and that of a company of a tenth in a database beside it, named like the other with <c>_tenth</c> behind it. Each operation goes through
/// HTTP against a real server for each, and in the same run, in turns, the same SQL through pgbench: machines are noisy, so what counts is the ratio, also of
/// the one size to the other. The database named must be empty. With few people it runs in the tests.
/// </summary>
public static class PostgresDriver
{
    private const int Clients = 32;

    private static readonly TimeSpan LongestWarmUp = TimeSpan.FromSeconds(15);

    /// <summary>What is quick is measured so many times as often, until it was measured for so long: a neighbour of the machine takes whole seconds away.</summary>
    private const int MoreTurns = 10;

    private static readonly TimeSpan LongEnough = TimeSpan.FromSeconds(10);

    public static async Task<int> Run(PostgresSettings settings, TextWriter output)
    {
        var folder = Directory.CreateTempSubdirectory("kalends-bench-").FullName;
        try
        {
            var beside = await Beside(settings);
            using var tenth = await Open(settings with { ConnectionString = beside, People = Math.Max(20, settings.People / 10) }, folder, output);
            using var whole = await Open(settings, folder, output);
            await output.WriteLineAsync(
                "| operation | SQL p50 ms | SQL p95 | HTTP p50 | HTTP p95 | ratio p50 | ratio p95 | wanted | a tenth: SQL p95 | HTTP p95 | growth of SQL, p95 | growth, p50 | growth, p95 "
                + "| server CPU ms | kB |");
            await output.WriteLineAsync("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
            // Warm means warm: the runtime recompiles hot code, beside the requests, for the first thousands of them. All before any is measured, since
            // they share most of their code, and what the database read from the disk for one may be of use to the next.
            foreach (var operation in PostgresOperation.All)
            {
                Warm(operation, settings, tenth, new(settings.Seed + 1));
                Warm(operation, settings, whole, new(settings.Seed + 1));
            }

            foreach (var operation in PostgresOperation.All.Where((_, row) => settings.Only == 0 || row + 1 == settings.Only))
            {
                await Measure(operation, settings, tenth, whole, output);
            }

            if (settings.Only == 0)
            {
                await Saves(settings, whole, output);
                await Bulk(settings, whole, output);
            }

            await output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture, $"\nserver: {whole.Server.ResidentBytes / 1e6:N0} MB resident after the run, {tenth.Server.ResidentBytes / 1e6:N0} that of the tenth"));
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The answer is a connection to the database of a tenth, which is made here unless an earlier run did.</summary>
    private static async Task<string> Beside(PostgresSettings settings)
    {
        var beside = new NpgsqlConnectionStringBuilder(settings.ConnectionString);
        beside.Database += "_tenth";
        if (!settings.Filled)
        {
            await using var source = NpgsqlDataSource.Create(settings.ConnectionString);
            await Execute(source, $"CREATE DATABASE {beside.Database}");
        }

        return beside.ConnectionString;
    }

    private static async Task<Sized> Open(PostgresSettings settings, string folder, TextWriter output)
    {
        var source = NpgsqlDataSource.Create(settings.ConnectionString);
        if (!settings.Filled)
        {
            await using var store = new PostgresStore(settings.ConnectionString);
            await store.Migrate(default);
            await Execute(source, BareSql.Ground());
            await new PostgresCompany(source, new(settings.People, settings.Seed, alone: 60)).Fill();
            await Execute(source, "VACUUM (ANALYZE) appointment, attendance, calendar, calendar_change");
            await output.WriteLineAsync($"\n{await Sizes(source, settings.People)}\n");
            // As `kalends reindex` does from time to time.
            await foreach (var sentence in store.Reindex(default))
            {
                await output.WriteLineAsync(sentence);
            }
        }

        await output.WriteLineAsync($"\n{await Sizes(source, settings.People)}\n");
        var server = await ServerProcess.Start(settings.ConnectionString);
        await PostgresOperation.Warm(server.Client, settings.People);
        return new(source, new(PgBench.Find(), settings.ConnectionString, folder), server, settings.People);
    }

    private static async Task Measure(PostgresOperation operation, PostgresSettings settings, Sized tenth, Sized whole, TextWriter output)
    {
        var (small, large) = (new Times(), new Times());
        var (one, two) = (new Random(settings.Seed), new Random(settings.Seed));
        // Others were asked since.
        Warm(operation, settings, tenth, one);
        Warm(operation, settings, whole, two);
        // Who wants one turn only sees whether it runs.
        var most = settings.Turns == 1 ? 1 : settings.Turns * MoreTurns;
        for (var turn = 0; turn < settings.Turns || (turn < most && large.Http.Sum() < LongEnough.TotalMilliseconds); turn++)
        {
            await Turn(operation, settings, tenth, one, small);
            await Turn(operation, settings, whole, two, large);
        }

        var (bare50, bare95, http50, http95) = (At(large.Bare, 0.5), At(large.Bare, 0.95), At(large.Http, 0.5), At(large.Http, 0.95));
        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"| {operation.Name} | {bare50:0.00} | {bare95:0.00} | {http50:0.00} | {http95:0.00} | {http50 / bare50:0.00} | {http95 / bare95:0.00} | {operation.Target:0.0} "
            + $"| {At(small.Bare, 0.95):0.00} | {At(small.Http, 0.95):0.00} "
            + $"| {bare95 / At(small.Bare, 0.95):0.00} | {http50 / At(small.Http, 0.5):0.00} | {http95 / At(small.Http, 0.95):0.00} "
            + $"| {large.Spent.TotalMilliseconds / large.Http.Count:0.00} | {large.Bytes / 1e3:0} |"));
    }

    private static void Warm(PostgresOperation operation, PostgresSettings settings, Sized sized, Random random)
    {
        var began = Stopwatch.GetTimestamp();
        for (var round = 0; round < settings.WarmUp && Stopwatch.GetElapsedTime(began) < LongestWarmUp; round++)
        {
            sized.Server.Bare.Post(operation.Path, operation.Draw(random, sized.People));
        }
    }

    private static async Task Turn(PostgresOperation operation, PostgresSettings settings, Sized sized, Random random, Times times)
    {
        times.Bare.AddRange(await sized.PgBench.Times(operation.Script, settings.Rounds, sized.People));
        var cpu = sized.Server.ProcessorTime;
        for (var round = 0; round < settings.Rounds; round++)
        {
            var body = operation.Draw(random, sized.People);
            var began = Stopwatch.GetTimestamp();
            times.Bytes = sized.Server.Bare.Post(operation.Path, body);
            times.Http.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }

        times.Spent += sized.Server.ProcessorTime - cpu;
    }

    /// <summary>In turns, so that both meet the same noise.</summary>
    private static async Task Saves(PostgresSettings settings, Sized sized, TextWriter output)
    {
        var (server, pgbench, people) = (sized.Server, sized.PgBench, sized.People);
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
    private static async Task Bulk(PostgresSettings settings, Sized sized, TextWriter output)
    {
        var (server, people) = (sized.Server, sized.People);
        var (http, bare, random) = (new List<double>(), new BulkSql(sized.Source), new Random(settings.Seed));
        List<double> sql = [];
        List<int> attendees = [.. Enumerable.Range(0, 1_300).Select(n => n % 5 == 0 ? 3 : 2)];
        // The runtime recompiles for the first hundred.
        var start = Stopwatch.GetTimestamp();
        for (var round = 0; round < settings.WarmUp && Stopwatch.GetElapsedTime(start) < 2 * LongestWarmUp; round++)
        {
            Ours(random.Next(people));
        }

        for (var round = 0; round < Math.Min(20, settings.WarmUp); round++)
        {
            await Bare(random.Next(people));
        }

        for (var turn = 0; turn < settings.Turns * 5; turn++)
        {
            var first = random.Next(people);
            http.Add(Ours(first));
            sql.Add(await Bare(first));
        }

        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"\n1,300 appointments in one call, 2.2 attendees: HTTP p50 {At(http, 0.5):0.0} ms, p95 {At(http, 0.95):0.0}; the bare batch {At(sql, 0.5):0.0}, {At(sql, 0.95):0.0} "
            + $"(ratio {At(http, 0.5) / At(sql, 0.5):0.00}, wanted 1.5)"));

        double Ours(int first)
        {
            var body = $$"""{"appointments":[{{string.Join(',', attendees.Select((count, n) => Meeting(people, first, count, n)))}}]}""";
            var began = Stopwatch.GetTimestamp();
            server.Bare.Post("commands/save-appointments", body);
            return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        }

        async Task<double> Bare(int first)
        {
            List<int[]> calendars = [.. attendees.Select(count => Enumerable.Range(0, count).Select(place => 1 + ((first + place) % people)).ToArray())];
            var began = Stopwatch.GetTimestamp();
            await bare.Save(calendars);
            return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        }
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

    /// <summary>One size: a database, and a server of its own on it.</summary>
    private sealed record Sized(NpgsqlDataSource Source, PgBench PgBench, ServerProcess Server, int People) : IDisposable
    {
        public void Dispose()
        {
            Server.Dispose();
            Source.Dispose();
        }
    }

    private sealed class Times
    {
        public List<double> Bare { get; } = [];

        public List<double> Http { get; } = [];

        public TimeSpan Spent { get; set; }

        public long Bytes { get; set; }
    }
}

/// <param name="ConnectionString">Of an empty database.</param>
/// <param name="People">Each has 1,300 attendances a year.</param>
/// <param name="Rounds">Requests, and transactions of pgbench, in each turn.</param>
/// <param name="Turns">How often both take turns; what is quick up to ten times as often.</param>
/// <param name="WarmUp">Requests before that, but no longer than a quarter of a minute, large saves half a minute.</param>
/// <param name="Seconds">How long each counts saves in each turn.</param>
/// <param name="Seed">The same makes the same company.</param>
/// <param name="Filled">The two databases were filled by an earlier run; they are measured as they are.</param>
/// <param name="Only">Of the table of queries this row alone, from 1; 0 for everything.</param>
public sealed record PostgresSettings(string ConnectionString, int People, int Rounds, int Turns, int WarmUp, int Seconds, int Seed, bool Filled, int Only)
{
    public static PostgresSettings Parse(string[] arguments)
    {
        var said = arguments.Skip(1).Chunk(2).ToDictionary(pair => pair[0], pair => int.Parse(pair[^1], NumberStyles.None, CultureInfo.InvariantCulture));
        if (said.GetValueOrDefault("--only") > PostgresOperation.All.Count)
        {
            throw new ArgumentException($"--only {said["--only"]}: the table has {PostgresOperation.All.Count} rows");
        }

        return said.Keys.Except(["--people", "--rounds", "--turns", "--warm-up", "--seconds", "--seed", "--filled", "--only"]).FirstOrDefault() is { } unknown
            ? throw new ArgumentException(
                $"unknown option {unknown}: postgres CONNECTION [--people N] [--rounds N] [--turns N] [--warm-up N] [--seconds N] [--seed N] [--filled 1] [--only ROW]")
            : new(
                arguments[0], said.GetValueOrDefault("--people", 10_000), said.GetValueOrDefault("--rounds", 100), said.GetValueOrDefault("--turns", 5),
                said.GetValueOrDefault("--warm-up", 4_000), said.GetValueOrDefault("--seconds", 5), said.GetValueOrDefault("--seed", 1),
                said.GetValueOrDefault("--filled") > 0, said.GetValueOrDefault("--only"));
    }
}
