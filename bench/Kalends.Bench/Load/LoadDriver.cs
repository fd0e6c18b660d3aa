using System.Diagnostics;
using System.Globalization;

namespace Kalends.Bench.Load;

/// <summary>
/// Measures the six main operations over HTTP against the real server, and in the same run, in turns, the bare SQLite statements that
/// do the same work: what counts is the ratio, since machines are noisy. Then counts requests a second with several clients.
/// </summary>
public static class LoadDriver
{
    public static async Task<int> Run(LoadSettings settings)
    {
        var folder = Directory.CreateTempSubdirectory("kalends-load-").FullName;
        try
        {
            var file = settings.File ?? Path.Combine(folder, "load.db");
            var company = new Company(Company.PeopleFor(settings.Attendances), settings.Seed);
            if (!File.Exists(file))
            {
                await Filling.Run($"Data Source={file}", company);
            }

            await Measure(settings, company, file, Path.Combine(folder, "bare.db"));
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task Measure(LoadSettings settings, Company company, string file, string bareFile)
    {
        using var server = await ServerProcess.Start($"Data Source={file}");
        using var bare = new BareSqlite(file);
        using var writes = new BareWrites(bareFile);
        var megabytes = new FileInfo(file).Length / 1e6;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{company.People} people, store {megabytes:N0} MB, {settings.Rounds} rounds, {settings.Clients} clients, times in ms"));
        Console.WriteLine("| operation | bare p50 | bare p95 | HTTP p50 | HTTP p95 | ratio p50 | ratio p95 | kB | requests/s |");
        Console.WriteLine("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        foreach (var operation in Operation.All(company, bare, writes))
        {
            await Measure(operation, settings, server);
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"\nserver: {server.ResidentBytes / 1e6:N0} MB resident after the run"));
    }

    private static async Task Measure(Operation operation, LoadSettings settings, ServerProcess server)
    {
        var random = new Random(settings.Seed);
        List<double> http = [], bare = [];
        // Warm means warm: the runtime recompiles hot code in the background for the first hundreds of requests.
        var (bytes, warm) = (0L, Math.Max(settings.Rounds, 150));
        for (var round = -warm; round < settings.Rounds; round++)
        {
            var (body, run) = operation.Draw(random);
            var ours = await Time(async () => bytes = await Operation.Send(server.Client, operation.Path, body));
            var theirs = await Time(() => Task.FromResult(run()));
            if (round >= 0)
            {
                http.Add(ours);
                bare.Add(theirs);
            }
        }

        var rate = await RequestsPerSecond(operation, settings, server.Client);
        var (bare50, bare95, http50, http95) = (At(bare, 0.5), At(bare, 0.95), At(http, 0.5), At(http, 0.95));
        var target = operation.Target is { } most ? $" (target {most:0.0})" : "";
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {operation.Name} | {bare50:0.00} | {bare95:0.00} | {http50:0.00} | {http95:0.00} "
            + $"| {http50 / bare50:0.00}{target} | {http95 / bare95:0.00} | {bytes / 1e3:0} | {rate:0} |"));
    }

    private static async Task<double> RequestsPerSecond(Operation operation, LoadSettings settings, HttpClient client)
    {
        var random = new Random(settings.Seed + 1);
        var bodies = Enumerable.Range(0, settings.Rounds).Select(_ => operation.Draw(random).Body).ToList();
        var started = Stopwatch.GetTimestamp();
        await Parallel.ForEachAsync(
            bodies, new ParallelOptions { MaxDegreeOfParallelism = settings.Clients }, async (body, _) => await Operation.Send(client, operation.Path, body));
        return bodies.Count / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static async Task<double> Time(Func<Task<long>> work)
    {
        var started = Stopwatch.GetTimestamp();
        await work();
        return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    }

    private static double At(List<double> values, double share)
    {
        values.Sort();
        return values[(int)(share * (values.Count - 1))];
    }
}
