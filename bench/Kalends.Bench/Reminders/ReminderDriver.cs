using System.Diagnostics;
using System.Globalization;
using System.Text;
using Kalends.Bench.Load;
using Kalends.Messages;
using Kalends.Permissions;
using Kalends.Storage.Postgres;
using NodaTime;
using Npgsql;

namespace Kalends.Bench.Reminders;

/// <summary>
/// So many reminders that are due in one minute, on an empty PostgreSQL: two processes of workers claim them and hand them to a channel that sends nothing. And
/// what a save costs with a reminder and without, in turns.
/// </summary>
public static class ReminderDriver
{
    private const int People = 1_000;

    private const int PerCall = 2_500;

    private static readonly Caller Root = new("bench", new("user:root"), "bench", Scopes.Read | Scopes.Write | Scopes.Admin);

    public static async Task<int> Run(string connectionString, int reminders, TextWriter output)
    {
        await using var store = new PostgresStore(connectionString);
        await store.Migrate(default);
        var dispatcher = new Dispatcher(store, new RelationPermissions(), SystemClock.Instance);
        await Do(dispatcher, "save-calendars", $"{{\"calendars\":[{string.Join(',', Enumerable.Range(0, People).Select(Person))}]}}");
        await Saves(dispatcher, output);
        var began = Stopwatch.GetTimestamp();
        var due = await Fill(dispatcher, reminders);
        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture, $"saved {reminders:N0} with a reminder each in {Stopwatch.GetElapsedTime(began).TotalSeconds:N0} s; due at {due}"));
        var wait = due - SystemClock.Instance.GetCurrentInstant() - Duration.FromSeconds(150);
        await Task.Delay(Duration.Max(wait, Duration.Zero).ToTimeSpan());
        using (var first = Worker(connectionString))
        using (var second = Worker(connectionString))
        {
            await Watch(connectionString, reminders, due, output);
            first.Kill();
            second.Kill();
        }

        await Tell(connectionString, output);
        return 0;
    }

    /// <summary>Each in turn, one appointment a call.</summary>
    private static async Task Saves(Dispatcher dispatcher, TextWriter output)
    {
        var (bare, reminded) = (new List<double>(), new List<double>());
        for (var round = -20; round < 300; round++)
        {
            var without = await Timed(dispatcher, Appointment(round + 20, new(2027, 3, 1, 9, 0), ""));
            var with = await Timed(dispatcher, Appointment(round + 20, new(2027, 3, 1, 9, 0), Reminder("PT15M")));
            if (round >= 0)
            {
                bare.Add(without);
                reminded.Add(with);
            }
        }

        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"a save: {Middle(bare):F2} ms without reminders, {Middle(reminded):F2} ms with one, ratio {Middle(reminded) / Middle(bare):F2} (p50 of 300, in turns)"));
    }

    private static async Task<double> Timed(Dispatcher dispatcher, string appointment)
    {
        var began = Stopwatch.GetTimestamp();
        await Do(dispatcher, "save-appointments", $"{{\"appointments\":[{appointment}]}}");
        return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
    }

    /// <summary>The reminders are set so that all are due in one minute that lies behind the filling; the answer is when.</summary>
    private static async Task<Instant> Fill(Dispatcher dispatcher, int reminders)
    {
        var now = SystemClock.Instance.GetCurrentInstant();
        var due = Instant.FromUnixTimeSeconds((now.ToUnixTimeSeconds() / 60 * 60) + 60 * (4 + (reminders / 25_000)));
        var start = (due + Duration.FromMinutes(15)).InUtc().LocalDateTime;
        foreach (var some in Enumerable.Range(0, reminders).Chunk(PerCall))
        {
            await Do(dispatcher, "save-appointments", $"{{\"appointments\":[{string.Join(',', some.Select(number => Appointment(number, start, Reminder("PT15M"))))}]}}");
        }

        return due;
    }

    private static async Task Watch(string connectionString, int reminders, Instant due, TextWriter output)
    {
        var (claimed, sent) = (false, 0L);
        while (sent < reminders)
        {
            await Task.Delay(200);
            var now = SystemClock.Instance.GetCurrentInstant();
            if (!claimed && await Count(connectionString, $"SELECT count(*) FROM reminder_watch WHERE due_at <= to_timestamp({due.ToUnixTimeSeconds()})") == 0)
            {
                claimed = true;
                await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"all were claimed {(now - due).TotalSeconds:F1} s after they were due"));
            }

            sent = now < due - Duration.FromSeconds(1) ? 0 : await Count(connectionString, "SELECT count(*) FROM reminder_delivery WHERE state = 'sent'");
            if (now > due + Duration.FromMinutes(10))
            {
                throw new InvalidOperationException($"only {sent} had been handed over ten minutes later");
            }
        }

        var took = SystemClock.Instance.GetCurrentInstant() - due;
        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture, $"{reminders:N0} handed over {took.TotalSeconds:F1} s after they were due: {reminders / took.TotalSeconds:N0} a second"));
    }

    private static async Task Tell(string connectionString, TextWriter output)
    {
        const string Late = "SELECT (percentile_disc({0}) WITHIN GROUP (ORDER BY extract(epoch FROM at - scheduled_at)))::bigint FROM reminder_delivery";
        var (half, most) = (await Count(connectionString, Late.Replace("{0}", "0.5")), await Count(connectionString, Late.Replace("{0}", "0.95")));
        await output.WriteLineAsync($"lateness, whole seconds: p50 {half}, p95 {most}; publications "
            + $"{await Count(connectionString, "SELECT count(*) FROM outbox WHERE type = 'kalends.reminder.received.v1'")}");
    }

    private static async Task<long> Count(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private static Process Worker(string connectionString) => Process.Start(new ProcessStartInfo(
        "dotnet", [ServerProcess.ServerProgram(), "work", "--store", connectionString, "--set", "Kalends:Reminders:SendsNothing=true"])
    {
        RedirectStandardOutput = false,
        Environment = { ["Logging__LogLevel__Default"] = "Warning", ["Logging__LogLevel__Kalends.Server.Workers"] = "Warning" },
    })!;

    private static string Person(int number) => $"{{\"calendar\":\"user:b{number}\",\"kind\":\"user\",\"email\":\"b{number}@example.com\"}}";

    private static string Reminder(string before) => $",\"reminders\":[{{\"before\":\"{before}\"}}]";

    private static string Appointment(int number, LocalDateTime start, string more) => string.Create(
        CultureInfo.InvariantCulture,
        $"{{\"owner\":\"user:b{number % People}\",\"title\":\"Budget\",\"start\":\"{start:uuuu-MM-ddTHH:mm:ss}\",\"timeZone\":\"UTC\",\"duration\":\"PT1H\"{more}}}");

    private static async Task Do(Dispatcher dispatcher, string name, string json)
    {
        var reply = await Catalogue.Entries.Single(entry => entry.Name == name).Run(dispatcher, Encoding.UTF8.GetBytes(json), Root, new(), default);
        if (reply.Refusal is { } refusal)
        {
            throw new InvalidOperationException($"{name} was refused: {refusal.Detail}");
        }
    }

    private static double Middle(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
