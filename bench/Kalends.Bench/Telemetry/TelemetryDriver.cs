using System.Diagnostics;
using System.Globalization;
using System.Net;
using Kalends.Bench.Load;

namespace Kalends.Bench.Telemetry;

/// <summary>
/// What measuring costs: the same requests in turns to a server that measures nothing, one as it is by default whose figures are read each second, and one that
/// sends traces besides. Each has a copy of the same store.
/// </summary>
public static class TelemetryDriver
{
    private const int People = 60;
    private const int WarmRounds = 1_500;

    public static async Task<int> Run(int rounds, TextWriter told)
    {
        var folder = Directory.CreateTempSubdirectory("kalends-telemetry-").FullName;
        try
        {
            var company = new Company(People, seed: 1, weeks: 12);
            var file = Path.Combine(folder, "0.db");
            await Filling.Run($"Data Source={file}", company);
            using var sink = new HttpListener { Prefixes = { "http://127.0.0.1:45318/" } };
            sink.Start();
            _ = Swallow(sink);
            using var off = await ServerProcess.Start(Copy(file, 1), "Kalends:Telemetry:Enabled=false");
            using var on = await ServerProcess.Start(Copy(file, 2));
            using var traced = await ServerProcess.Start(
                Copy(file, 3), "Kalends:Telemetry:OtlpEndpoint=http://127.0.0.1:45318", "Kalends:Telemetry:OtlpProtocol=http/protobuf");
            using var scraping = new Timer(_ => Scrape(on, traced), null, 0, 1_000);
            await told.WriteLineAsync("| operation | off p50 | p95 | on p50 | p95 | traced p50 | p95 | on to off, p50 | p95 | traced to off, p50 | p95 |");
            await told.WriteLineAsync("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
            await Measure("a person's week", "queries/get-appointments", Week, [off, on, traced], rounds, told);
            await Measure("one save with five people", "commands/save-appointments", Save, [off, on, traced], rounds, told);
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task Measure(
        string name, string path, Func<Random, string> draw, IReadOnlyList<ServerProcess> servers, int rounds, TextWriter told)
    {
        var random = new Random(1);
        List<List<double>> times = [.. servers.Select(_ => new List<double>())];
        for (var round = -WarmRounds; round < rounds; round++)
        {
            var body = draw(random);
            for (var turn = 0; turn < servers.Count; turn++)
            {
                // Who is first changes, so that it is nobody's advantage.
                var place = (turn + round + WarmRounds) % servers.Count;
                var started = Stopwatch.GetTimestamp();
                await Operation.Send(servers[place].Client, path, body);
                if (round >= 0)
                {
                    times[place].Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
                }
            }
        }

        var found = times.ConvertAll(one => (Half: At(one, 0.5), Most: At(one, 0.95)));
        await told.WriteLineAsync($"| {name} | {string.Join(" | ", found.Select(one => Text(one.Half, one.Most, 3)))} | "
            + $"{string.Join(" | ", found.Skip(1).Select(one => Text(one.Half / found[0].Half, one.Most / found[0].Most, 2)))} |");
    }

    private static string Week(Random random)
    {
        var from = Company.FirstDay.PlusDays(random.Next(70));
        return $$"""{"timespan":{"from":"{{from:uuuu-MM-dd}}T00:00:00Z","to":"{{from.PlusDays(7):uuuu-MM-dd}}T00:00:00Z"},"attendees":["{{Company.Person(random.Next(People))}}"]}""";
    }

    private static string Save(Random random)
    {
        var first = random.Next(People);
        var attendees = string.Join(',', Enumerable.Range(0, 5).Select(place => $$"""{"calendar":"{{Company.Person((first + place) % People)}}"}"""));
        var day = Company.FirstDay.PlusDays(random.Next(364));
        return $$"""
            {"appointments":[{"owner":"{{Company.Person(first)}}","title":"Review","start":"{{day:uuuu-MM-dd}}T09:00:00","timeZone":"UTC","duration":"PT30M","attendees":[{{attendees}}]}]}
            """;
    }

    private static string Copy(string file, int number)
    {
        var copy = Path.Combine(Path.GetDirectoryName(file)!, $"{number}.db");
        File.Copy(file, copy);
        return $"Data Source={copy}";
    }

    private static void Scrape(params ServerProcess[] servers)
    {
        foreach (var server in servers)
        {
            _ = server.Client.GetAsync(new Uri("/metrics", UriKind.Relative));
        }
    }

    private static async Task Swallow(HttpListener sink)
    {
        while (true)
        {
            var context = await sink.GetContextAsync();
            await context.Request.InputStream.CopyToAsync(Stream.Null);
            context.Response.Close();
        }
    }

    private static string Text(double half, double most, int digits) =>
        string.Join(" | ", new[] { half, most }.Select(value => value.ToString($"F{digits}", CultureInfo.InvariantCulture)));

    private static double At(List<double> values, double share)
    {
        values.Sort();
        return values[(int)(share * (values.Count - 1))];
    }
}
