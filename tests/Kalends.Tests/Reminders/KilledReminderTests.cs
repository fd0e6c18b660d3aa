using System.Diagnostics;
using System.Globalization;
using Kalends.Messages;
using Kalends.Permissions;
using Kalends.Publications;
using Kalends.Storage;
using Kalends.Tests.Queue;
using NodaTime;

namespace Kalends.Tests.Reminders;

/// <summary>
/// Workers killed between sending a reminder and writing that down: nobody is reminded twice, and what nobody knows of is told. KALENDS_FAULT_ROUNDS=20 kills so
/// often, at any moment.
/// </summary>
public sealed class KilledReminderTests(MailRelay relay) : IClassFixture<MailRelay>
{
    private const string Rest = "\"timeZone\":\"UTC\",\"duration\":\"PT1H\",\"reminders\":[{\"before\":\"PT30M\"}]";

    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    private static Instant Now => SystemClock.Instance.GetCurrentInstant();

    [Fact]
    public async Task Whoever_dies_between_sending_and_writing_it_down_has_reminded_once()
    {
        await using var office = await Office.Open(onPostgres: false);
        var people = await Fill(office, 1, "slow");
        using (var worker = new Worker(office.ConnectionString, relay.Port))
        {
            await Office.Until(() => Task.FromResult(relay.Messages(people[0]).Count == 1), seconds: 60);
            worker.Kill();
        }

        using var next = new Worker(office.ConnectionString, relay.Port);
        await Office.Until(async () => (await Ended(office)).Count == 1, seconds: 60);
        Assert.Equal(["unknown-outcome"], await Ended(office));
        Assert.Single(relay.Messages(people[0]));
        Assert.Empty(await office.Store.FindBroken(Stopped).ToListAsync(Stopped));
    }

    [Fact]
    public async Task However_often_workers_die_each_reminder_comes_to_one_end_and_nobody_is_reminded_twice()
    {
        var rounds = int.Parse(Environment.GetEnvironmentVariable("KALENDS_FAULT_ROUNDS") ?? "0", CultureInfo.InvariantCulture);
        await using var office = await Office.Open(onPostgres: false);
        var people = await Fill(office, 1 + (rounds * 60), "p");
        var (dice, seed) = (new Random(11), 11);
        for (var round = 0; round < rounds; round++)
        {
            using var worker = new Worker(office.ConnectionString, relay.Port);
            await Task.Delay(1_500 + dice.Next(1_500), Stopped);
            worker.Kill();
        }

        using var last = new Worker(office.ConnectionString, relay.Port);
        await Office.Until(async () => (await Ended(office)).Count == people.Count, seconds: 120);
        var ended = await Ended(office);
        Assert.All(ended, code => Assert.True(code is "" or "unknown-outcome", code));
        // Mails leave one by one: with each process that dies two of its two workers at most.
        Assert.InRange(ended.Count(code => code.Length > 0), 0, Math.Max(1, 2 * rounds));
        var all = relay.Counts();
        var counts = people.Select(person => all.GetValueOrDefault(person)).ToList();
        Assert.DoesNotContain(counts, count => count > 1);
        Assert.True(counts.Sum() >= ended.Count(code => code.Length == 0));
        TestContext.Current.SendDiagnosticMessage(
            "seed {0}: {1} reminders, {2} sent, {3} of unknown outcome", seed, people.Count, counts.Sum(), ended.Count(code => code.Length > 0));
    }

    /// <summary>So many people with a reminder that is due in some seconds; the answer is their addresses.</summary>
    private static async Task<IReadOnlyList<string>> Fill(Office office, int count, string name)
    {
        var unique = Guid.NewGuid().ToString("N")[..8];
        var people = Enumerable.Range(0, count).Select(number => string.Create(CultureInfo.InvariantCulture, $"{name}-{unique}-{number}")).ToList();
        var dispatcher = new Dispatcher(office.Store, new RelationPermissions(), SystemClock.Instance);
        foreach (var some in people.Chunk(500))
        {
            await Run(dispatcher, "save-calendars", $$"""{"calendars":[{{string.Join(',', some.Select(person =>
                $$"""{"calendar":"user:{{person}}","kind":"user","email":"{{person}}@example.com"}"""))}}]}""");
            var start = Instant.FromUnixTimeSeconds((Now + Duration.FromMinutes(30) + Duration.FromSeconds(3)).ToUnixTimeSeconds());
            await Run(dispatcher, "save-appointments", $$"""{"appointments":[{{string.Join(',', some.Select(person =>
                $$"""{"owner":"user:{{person}}","start":"{{start.InUtc().LocalDateTime:uuuu-MM-ddTHH:mm:ss}}",{{Rest}}}"""))}}]}""");
        }

        await Run(dispatcher, "send-reminders", "{}");
        return [.. people.Select(person => $"{person}@example.com")];
    }

    private static async Task Run(Dispatcher dispatcher, string name, string json)
    {
        var caller = new Caller(Office.Tenant, new("user:root"), "test", Scopes.Read | Scopes.Write | Scopes.Admin);
        var reply = await Catalogue.Entries.Single(entry => entry.Name == name).Run(dispatcher, System.Text.Encoding.UTF8.GetBytes(json), caller, new(), Stopped);
        Assert.True(reply.Refusal is null, reply.Refusal?.Detail);
    }

    /// <summary>The codes of what was published; none where it was received.</summary>
    private static async Task<List<string>> Ended(Office office)
    {
        await using var session = await office.Store.Read(Office.Tenant, Stopped);
        var page = await session.Rows<IPublicationRows>().Read(0, null, 100_000);
        return [.. page.Entries.Where(entry => entry.Type.StartsWith("kalends.reminder.", StringComparison.Ordinal))
            .Select(entry => (string?)System.Text.Json.Nodes.JsonNode.Parse(entry.Data)!["code"] ?? "")];
    }

    /// <summary><c>kalends work</c>, as users run it.</summary>
    private sealed class Worker : IDisposable
    {
        private readonly Process process;

        public Worker(string store, int port)
        {
            string[] set =
            [
                "Kalends:Queue:LeaseSeconds=1", "Kalends:Reminders:Email:Host=127.0.0.1", $"Kalends:Reminders:Email:Port={port}",
                "Kalends:Reminders:Email:Security=None", "Kalends:Reminders:Email:From=calendar@kalends.example",
            ];
            process = Process.Start(new ProcessStartInfo(
                "dotnet",
                [Path.Combine(AppContext.BaseDirectory, "Kalends.Server.dll"), "work", "--workers", "2", "--store", store, .. set.SelectMany(one => new[] { "--set", one })])
            {
                RedirectStandardOutput = true, RedirectStandardError = true,
            })!;
            process.OutputDataReceived += (_, _) => { };
            process.ErrorDataReceived += (_, _) => { };
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
        }

        public void Kill()
        {
            process.Kill();
            process.WaitForExit();
        }

        public void Dispose()
        {
            if (!process.HasExited)
            {
                Kill();
            }

            process.Dispose();
        }
    }
}
