using System.Data.Common;
using System.Net.Sockets;
using Npgsql;

namespace Kalends.Storage.Postgres;

/// <summary>
/// Tells workers of every process that something was sent. Not by the transaction that sent it: one that notifies holds a lock of the whole server until it is
/// on the disk, and so all that send would commit one after the other. What was committed is told just after, by a transaction of its own that has nothing to
/// write, one at a time and of all that came meanwhile. What gets lost that way workers find within a second by looking.
/// </summary>
internal sealed class QueueNotices(string connectionString, Func<CancellationToken, ValueTask<Wire>> open, QueueBell bell) : IAsyncDisposable
{
    private const string Channel = "kalends_queue";

    private const string NotifySql = $"SELECT pg_notify('{Channel}', q) FROM unnest($1) q";

    private const string ListenSql = $"LISTEN {Channel}";

    private static readonly TimeSpan BeforeTryingAgain = TimeSpan.FromSeconds(1);

    private readonly Lock changing = new();
    private readonly HashSet<string> due = new(StringComparer.Ordinal);
    private Task telling = Task.CompletedTask;
    private CancellationTokenSource? stopListening;
    private Task listening = Task.CompletedTask;

    /// <summary>Called when it is committed.</summary>
    public void Tell(IReadOnlyCollection<string> queues)
    {
        foreach (var queue in queues)
        {
            bell.Ring(queue);
        }

        lock (changing)
        {
            due.UnionWith(queues);
            if (telling.IsCompleted)
            {
                telling = Task.Run(TellOthers);
            }
        }
    }

    public IAsyncDisposable Listen(Action<string> sent)
    {
        bell.Add(sent);
        lock (changing)
        {
            if (stopListening is null)
            {
                stopListening = new();
                listening = Hear(stopListening.Token);
            }
        }

        return new Ending(async () =>
        {
            if (bell.Remove(sent))
            {
                await EndListening();
            }
        });
    }

    public async ValueTask DisposeAsync()
    {
        await EndListening();
        await telling;
    }

    private async Task TellOthers()
    {
        while (true)
        {
            string[] now;
            lock (changing)
            {
                now = [.. due];
                due.Clear();
                if (now.Length == 0)
                {
                    // Under the lock, so that whoever comes next begins anew.
                    telling = Task.CompletedTask;
                    return;
                }
            }

            try
            {
                await using var wire = await open(CancellationToken.None);
                await wire.Run(new Statement(NotifySql).WithAll(now).Reading(_ => { }), CancellationToken.None);
            }
            catch (StoreUnavailableException)
            {
                // Whoever is not told looks by himself.
            }
        }
    }

    private async Task EndListening()
    {
        CancellationTokenSource? stop;
        lock (changing)
        {
            (stop, stopListening) = (stopListening, null);
        }

        if (stop is not null)
        {
            await stop.CancelAsync();
            await listening;
            stop.Dispose();
        }
    }

    /// <summary>On one connection for the whole process, and on another when that is lost.</summary>
    private async Task Hear(CancellationToken stopped)
    {
        await using var source = Source.ForListening(connectionString);
        while (!stopped.IsCancellationRequested)
        {
            try
            {
                await using var connection = await source.OpenConnectionAsync(stopped);
                connection.Notification += (_, said) => bell.Ring(said.Payload);
                await using var command = new NpgsqlCommand(ListenSql, connection);
                await command.ExecuteNonQueryAsync(stopped);
                while (true)
                {
                    await connection.WaitAsync(stopped);
                }
            }
            catch (Exception fault) when (fault is DbException or TimeoutException or IOException or SocketException)
            {
                await Task.Delay(BeforeTryingAgain, stopped).ContinueWith(_ => { }, TaskScheduler.Default);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }
}
