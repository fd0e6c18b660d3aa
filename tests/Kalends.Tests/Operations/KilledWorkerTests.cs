using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using Kalends.Messages;
using Kalends.Operations;
using Kalends.Server.CommandLine;
using Kalends.Storage;
using Kalends.Storage.Postgres;
using Kalends.Tests.Postgres;
using Npgsql;
using NodaTime;

namespace Kalends.Tests.Operations;

/// <summary>Real processes of workers, killed in the middle of a command: by a command that takes its process with it, and just after the effect.</summary>
public sealed class KilledWorkerTests : IAsyncLifetime
{
    private static readonly Caller Ana = new("acme", new("user:ana"), "web", Scopes.Read | Scopes.Write);

    private string database = "";
    private PostgresStore store = null!;

    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        database = await PrivateCluster.Database();
        store = new(database);
        foreach (var person in new[] { "user:ana", "user:ben" })
        {
            await Run(Ana with { Person = new(person) }, Save("First"));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await store.DisposeAsync();
        await PrivateCluster.Drop(database);
    }

    [Fact]
    public async Task A_command_whose_worker_died_between_its_effect_and_writing_it_down_is_done_once()
    {
        await using var calendar = await Lock("SELECT 1 FROM calendar WHERE id = 'user:ana' FOR UPDATE");
        var id = await Defer(Ana, Save("Once"));
        using (var worker = new Worker(database))
        {
            // It stands before its effect, then before writing down what came of it, and there it dies.
            await Until(id, OperationStatus.Running, worker);
            await using var operation = await Lock($"SELECT 1 FROM operation WHERE id = '{id}' FOR UPDATE");
            await calendar.DisposeAsync();
            await Queue.Office.Until(async () => await Count("appointment") == 3);
            worker.Kill();
            await EndWhatIsUnderWay();
        }

        Assert.Equal(OperationStatus.Running, (await Find(id)).Status);
        using var next = new Worker(database);
        await Until(id, OperationStatus.Done, next);
        Assert.Contains("\"created\":true", Encoding.UTF8.GetString((await Find(id)).Answer!), StringComparison.Ordinal);
        // Each process plants the three schedules: together they have planted each once.
        await Queue.Office.Until(async () => await Count("queue_message WHERE kind = 'schedule'") == 3);
        Assert.Equal((3L, 3L), (await Count("appointment"), await Count("queue_message")));
        Assert.Empty(await store.FindBroken(Stopped).ToListAsync(Stopped));
    }

    [Fact]
    public async Task A_command_that_takes_its_process_with_it_is_shelved_while_others_flow_and_may_be_requeued()
    {
        Guid id;
        await using (await Lock("SELECT 1 FROM calendar WHERE id = 'user:ana' FOR UPDATE"))
        {
            id = await Defer(Ana, Save("Poison"));
            for (var death = 0; death < 3; death++)
            {
                var other = await Defer(Ana with { Person = new("user:ben") }, Save($"Beside {death}"));
                using var worker = new Worker(database);
                await Until(other, OperationStatus.Done, worker);
                await Queue.Office.Until(async () => await Count($"queue_message WHERE held AND reads = {death + 1}") == 1);
                worker.Kill();
            }

            using var last = new Worker(database);
            await Until(id, OperationStatus.Failed, last);
            Assert.Equal(0, await last.Stop());
        }

        Assert.Contains("begun several times", Encoding.UTF8.GetString((await Find(id)).Answer!), StringComparison.Ordinal);
        Assert.Matches(@"commands +\| operation +\| 0 +\| 0 +\| 0 +\| 1 ", await Verb("list"));
        Assert.Contains("it was begun 3 times and came to no end", await Verb("peek", "--dead"), StringComparison.Ordinal);
        Assert.Contains("1 requeued", await Verb("requeue", "--all-dead"), StringComparison.Ordinal);
        using (var mended = new Worker(database))
        {
            await Until(id, OperationStatus.Done, mended);
        }

        Assert.Equal(2L + 3 + 1, await Count("appointment"));
        Assert.Empty(await store.FindBroken(Stopped).ToListAsync(Stopped));
    }

    /// <summary>What a process had sent before it died its database would still do, once it is let.</summary>
    private async Task EndWhatIsUnderWay()
    {
        const string End = """
            SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
            WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid() AND backend_type = 'client backend'
            """;
        for (var look = 0; look < 10; look++)
        {
            await PrivateCluster.Execute(database, End);
            await Task.Delay(20, Stopped);
        }
    }

    private static string Save(string title) => $$"""{"appointments":[{"title":"{{title}}","start":"2026-11-25T09:00:00","timeZone":"UTC","duration":"PT1H"}]}""";

    private async Task Run(Caller caller, string request)
    {
        var dispatcher = new Dispatcher(store, new Kalends.Permissions.RelationPermissions(), SystemClock.Instance);
        var entry = Catalogue.Entries.Single(one => one.Name == "save-appointments");
        Assert.NotNull((await entry.Run(dispatcher, Encoding.UTF8.GetBytes(request), caller, new(), Stopped)).Result);
    }

    private async Task<Guid> Defer(Caller caller, string request)
    {
        var checkedRequest = Catalogue.Entries.Single(one => one.Name == "save-appointments").Check(Encoding.UTF8.GetBytes(request), null, caller)!.Value.Value;
        var reply = await new Deferral(store, SystemClock.Instance).Begin("save-appointments", checkedRequest, caller, new(), Stopped);
        return ((OperationState)reply.Result!).Operation;
    }

    private async Task<Operation> Find(Guid id)
    {
        await using var session = await store.Read("acme", Stopped);
        return (await session.Rows<IOperationRows>().Find(id, Instant.FromUnixTimeSeconds(0)))!;
    }

    private Task Until(Guid id, OperationStatus status, Worker worker) => Queue.Office.Until(async () =>
    {
        Assert.False(worker.HasExited, string.Join('\n', worker.Log));
        return (await Find(id)).Status == status;
    }, seconds: 60);

    private async Task<long> Count(string what) => (long)(await PrivateCluster.Execute(database, $"SELECT count(*) FROM {what}"))!;

    /// <summary>Whoever waits for it waits until it is disposed.</summary>
    private async Task<NpgsqlConnection> Lock(string sql)
    {
        var connection = new NpgsqlConnection(database + ";Pooling=false");
        await connection.OpenAsync(Stopped);
        await using var command = new NpgsqlCommand("BEGIN; " + sql, connection);
        await command.ExecuteNonQueryAsync(Stopped);
        return connection;
    }

    private async Task<string> Verb(params string[] arguments)
    {
        using var said = new StringWriter();
        Assert.Equal(0, await KalendsCommandLine.Run(
            ["queue", .. arguments, "--store", database], new() { Out = said, Error = said, OutIsTerminal = false, ErrorIsTerminal = false }));
        return said.ToString();
    }

    /// <summary><c>kalends work</c>, as users run it.</summary>
    private sealed class Worker : IDisposable
    {
        private readonly Process process;

        public Worker(string store)
        {
            var information = new ProcessStartInfo(
                "dotnet",
                [
                    Path.Combine(AppContext.BaseDirectory, "Kalends.Server.dll"), "work", "--workers", "2", "--store", store,
                    "--set", "Kalends:Queue:LeaseSeconds=1",
                ])
            {
                RedirectStandardOutput = true, RedirectStandardError = true,
            };
            process = Process.Start(information)!;
            process.OutputDataReceived += (_, line) => Log.Enqueue(line.Data);
            process.ErrorDataReceived += (_, line) => Log.Enqueue(line.Data);
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
        }

        public ConcurrentQueue<string?> Log { get; } = new();

        public bool HasExited => process.HasExited;

        public void Kill()
        {
            process.Kill();
            process.WaitForExit();
        }

        /// <summary>SIGTERM; the answer is the exit code.</summary>
        public async Task<int> Stop()
        {
            using var kill = Process.Start("kill", $"-TERM {process.Id}");
            await process.WaitForExitAsync(Stopped).WaitAsync(TimeSpan.FromSeconds(30), Stopped);
            return process.ExitCode;
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
