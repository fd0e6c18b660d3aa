using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace Kalends.Bench.Postgres;

/// <summary>PostgreSQL's own load program, on one script of SQL with prepared statements.</summary>
public sealed class PgBench(string program, string connectionString, string folder)
{
    /// <summary>From the path, or from where Debian puts it.</summary>
    public static string Find() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Concat(Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql").Select(version => $"{version}/bin") : [])
            .Select(place => Path.Combine(place, "pgbench")).FirstOrDefault(File.Exists)
        ?? throw new FileNotFoundException("pgbench is not here: it comes with PostgreSQL (apt-get install postgresql)");

    /// <summary>How long each of the transactions took, in milliseconds, one client after the other.</summary>
    public async Task<IReadOnlyList<double>> Times(string script, int transactions, int people)
    {
        var prefix = Path.Combine(folder, $"times-{Guid.NewGuid():N}");
        await Run(script, people, "-c", "1", "-j", "1", "-t", Text(transactions), "--log", $"--log-prefix={prefix}");
        var file = Directory.GetFiles(folder, Path.GetFileName(prefix) + "*").Single();
        // client, transaction, microseconds, …
        return [.. (await File.ReadAllLinesAsync(file)).Select(line => double.Parse(line.Split(' ')[2], CultureInfo.InvariantCulture) / 1_000)];
    }

    /// <summary>Transactions a second of so many clients; 0 when none came to its end, of which pgbench states no rate.</summary>
    public async Task<double> Rate(string script, int clients, int seconds, int people)
    {
        var said = await Run(script, people, "-c", Text(clients), "-j", "2", "-T", Text(seconds));
        const string Before = "tps = ";
        var found = said.IndexOf(Before, StringComparison.Ordinal);
        if (found < 0)
        {
            return 0;
        }

        var at = found + Before.Length;
        return double.Parse(said[at..said.IndexOf(' ', at)], CultureInfo.InvariantCulture);
    }

    private async Task<string> Run(string script, int people, params string[] more)
    {
        var file = Path.Combine(folder, $"script-{Guid.NewGuid():N}.sql");
        await File.WriteAllTextAsync(file, script);
        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        using var process = Process.Start(new ProcessStartInfo(
            program,
            ["-n", "-M", "prepared", "-D", $"people={people}", "-f", file, .. more, "-h", settings.Host!, "-p", Text(settings.Port), "-U", settings.Username!, settings.Database!])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            // As the store has it: a statement that is compiled first would be no measure.
            Environment = { ["PGOPTIONS"] = "-c jit=off" },
        })!;
        var (said, complained) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? await said : throw new InvalidOperationException($"pgbench ended with {process.ExitCode}: {await complained}");
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
