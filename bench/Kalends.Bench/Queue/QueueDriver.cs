using System.Diagnostics;
using System.Globalization;
using Kalends.Bench.Postgres;
using Kalends.Queue;
using Kalends.Storage.Postgres;
using NodaTime;
using Npgsql;

namespace Kalends.Bench.Queue;

/// <summary>
/// The queue on an empty PostgreSQL, beside pgbench with the same statements and nothing around them, in turns: how many messages a second are read, looked at
/// and finished; the same with many waiting; how long a message takes from being sent to being worked on; and what telling others of it costs those who send.
/// </summary>
public static class QueueDriver
{
    private const string Tenant = "bench";

    private const string Letters = "letters";

    private static readonly Duration Lease = Duration.FromMinutes(5);

    /// <summary>What a worker sends for one message, and no more.</summary>
    private const string WorkScript = """
        SELECT tenant, id AS message, lease FROM take_messages('letters', false, 1, 0, now(), now() + interval '5 minutes', 2147483647, now(), '{}', '{}', '{}') \gset
        SELECT id, queue, kind, body, destination, enqueued_at, visible_at, deadline, reads, held, last_error FROM queue_message WHERE tenant = 1 AND id = :message;
        BEGIN;
        DELETE FROM queue_message WHERE tenant = 1 AND id = :message AND lease = :lease AND held;
        COMMIT;
        """;

    private const string SendScript = """
        BEGIN;
        INSERT INTO queue_message (tenant, queue, kind, body, enqueued_at, visible_at, deadline) VALUES (1, 'sent', 'note', '{"text":"x"}', now(), now(), now() + interval '1 hour');
        COMMIT;
        """;

    public static async Task<int> Run(string connectionString, QueueRounds rounds, TextWriter output)
    {
        var folder = Directory.CreateTempSubdirectory("kalends-bench-").FullName;
        try
        {
            await using var store = new PostgresStore(connectionString);
            await store.Migrate(default);
            await (await store.Write(Tenant, default)).Commit(default);
            var pgbench = new PgBench(PgBench.Find(), connectionString, folder);
            await output.WriteLineAsync("| messages a second | pgbench | the store, one by one | ratio | in batches of 8 | ratio |\n| --- | ---: | ---: | ---: | ---: | ---: |");
            foreach (var workers in rounds.Workers)
            {
                await Rates(store, connectionString, pgbench, workers, rounds with { Waiting = rounds.Waiting / 10 }, output);
            }

            await Rates(store, connectionString, pgbench, rounds.Workers[^1], rounds, output);
            await Latency(store, connectionString, rounds.Seconds * 40, output);
            await Sends(pgbench, rounds, output);
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>In turns, one after the other; the middle one counts.</summary>
    private static async Task Rates(PostgresStore store, string connectionString, PgBench pgbench, int workers, QueueRounds rounds, TextWriter output)
    {
        var (bare, single, batched) = (new List<double>(), new List<double>(), new List<double>());
        for (var turn = 0; turn < rounds.Turns; turn++)
        {
            await Fill(connectionString, rounds.Waiting);
            bare.Add(await pgbench.Rate(WorkScript, workers, rounds.Seconds, 1));
            single.Add(await Rate(store, workers, 1, rounds.Seconds));
            batched.Add(await Rate(store, workers, 8, rounds.Seconds));
        }

        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"| {workers} workers, {rounds.Waiting:N0} waiting | {Middle(bare):N0} | {Middle(single):N0} | {Middle(single) / Middle(bare):0.00} "
            + $"| {Middle(batched):N0} | {Middle(batched) / Middle(bare):0.00} |"));
    }

    private static async Task<double> Rate(PostgresStore store, int workers, int batch, int seconds)
    {
        var (done, began) = (0L, Stopwatch.GetTimestamp());
        await Task.WhenAll(Enumerable.Range(0, workers).Select(_ => Task.Run(async () =>
        {
            while (Stopwatch.GetElapsedTime(began).TotalSeconds < seconds)
            {
                var taken = await store.Queue.Take(new(Letters, batch, Lease), SystemClock.Instance.GetCurrentInstant(), default);
                foreach (var message in taken.Messages)
                {
                    await Work(store, message);
                    Interlocked.Increment(ref done);
                }

                if (taken.Messages.Count == 0)
                {
                    throw new InvalidOperationException("the queue ran empty: fill it with more");
                }
            }
        })));
        return done / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private static async Task Work(PostgresStore store, LeasedMessage leased)
    {
        await using (var reading = await store.Read(leased.Tenant, default))
        {
            _ = await reading.Rows<IQueueRows>().Find(leased.Lease.Message) ?? throw new InvalidOperationException("the message is gone");
        }

        await using var session = await store.Write(leased.Tenant, default);
        await session.Rows<IQueueWrites>().FinishWithCommit(leased.Lease);
        await session.Commit(default);
    }

    /// <summary>Up to as many as wanted.</summary>
    private static async Task Fill(string connectionString, int waiting)
    {
        await using var connection = new NpgsqlConnection(connectionString + ";Command Timeout=0");
        await connection.OpenAsync();
        await using var filling = new NpgsqlCommand(
            """
            INSERT INTO queue_message (tenant, queue, kind, body, enqueued_at, visible_at, deadline)
            SELECT 1, 'letters', 'note', json_build_object('text', repeat('x', 200)), now(), now() - n * interval '1 millisecond', now() + interval '1 day'
            FROM generate_series(1, greatest(0, $1 - (SELECT count(*) FROM queue_message WHERE queue = 'letters' AND NOT held))) n
            """,
            connection)
        {
            Parameters = { new() { Value = (long)waiting } },
        };
        await filling.ExecuteNonQueryAsync();
    }

    /// <summary>One message every now and then, to a worker that waits: in the same process, and in another, which is told by the database.</summary>
    private static async Task Latency(PostgresStore store, string connectionString, int rounds, TextWriter output)
    {
        await using var other = new PostgresStore(connectionString);
        await output.WriteLineAsync("\n| from sending to working, idle, ms | p50 | p95 |\n| --- | ---: | ---: |");
        foreach (var (name, sender) in new[] { ("sent by the same process", store), ("sent by another", other) })
        {
            var times = new List<double>();
            var woken = new SemaphoreSlim(0);
            await using var listening = store.Queue.Listen(queue => _ = queue == "idle" ? woken.Release() : 0);
            await Task.Delay(1_000);
            for (var round = -10; round < rounds; round++)
            {
                var began = Stopwatch.GetTimestamp();
                var now = SystemClock.Instance.GetCurrentInstant();
                await using (var session = await sender.Write(Tenant, default))
                {
                    await session.Rows<IQueueWrites>().Send(new("idle", "note", "{}"u8.ToArray(), now + Lease), now);
                    await session.Commit(default);
                }

                LeasedMessage? leased = null;
                while (leased is null)
                {
                    await woken.WaitAsync(1_000);
                    leased = (await store.Queue.Take(new("idle", 1, Lease), SystemClock.Instance.GetCurrentInstant(), default)).Messages.SingleOrDefault();
                }

                if (round >= 0)
                {
                    times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
                }

                await Work(store, leased);
                await Task.Delay(20);
            }

            times.Sort();
            await output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture, $"| {name} | {times[times.Count / 2]:0.0} | {times[times.Count * 95 / 100]:0.0} |"));
        }
    }

    private static async Task Sends(PgBench pgbench, QueueRounds rounds, TextWriter output)
    {
        var (silent, telling) = (new List<double>(), new List<double>());
        for (var turn = 0; turn < rounds.Turns; turn++)
        {
            silent.Add(await pgbench.Rate(SendScript, 16, rounds.Seconds, 1));
            telling.Add(await pgbench.Rate(SendScript.Replace("COMMIT;", "SELECT pg_notify('bench', 'sent');\nCOMMIT;", StringComparison.Ordinal), 16, rounds.Seconds, 1));
        }

        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"\ncommits a second of 16 that send: {Middle(silent):N0}; where each notifies itself: {Middle(telling):N0}, {Middle(telling) / Middle(silent):0.00}"));
    }

    private static double Middle(List<double> values) => values.Order().ElementAt(values.Count / 2);
}

/// <summary>How long each, with how many messages waiting (a tenth of them at first), how often, and with how many workers.</summary>
public sealed record QueueRounds(int Seconds, int Waiting, int Turns, IReadOnlyList<int> Workers);
