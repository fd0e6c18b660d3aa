using System.Collections.Concurrent;
using System.Net.Sockets;

namespace Kalends.Tests.Faults;

/// <summary>A network that cuts, stalls, delays and half-closes on command.</summary>
internal sealed class UnrulyLine(int database) : Proxy(database)
{
    private readonly ConcurrentDictionary<Pair, byte> pairs = new();

    private readonly List<Pair> forgotten = [];

    /// <summary>Completed while bytes flow; replaced by an open one while they are held back.</summary>
    private TaskCompletionSource flowing = Completed();

    /// <summary>Between a client's word and its arrival at the database.</summary>
    public TimeSpan Delay { get; set; }

    public int Connections => pairs.Keys.Except(forgotten).Count();

    /// <summary>From now on connections are taken and nothing that is sent arrives, either way.</summary>
    public void Stall() => flowing = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What was held back arrives.</summary>
    public void Flow() => flowing.TrySetResult();

    /// <summary>New connections work; those that are there go on saying nothing for ever, as when something between has forgotten them.</summary>
    public void Forget()
    {
        forgotten.AddRange(pairs.Keys);
        flowing = Completed();
    }

    /// <summary>Some or all connections end with a reset.</summary>
    public void Cut(Random? some = null) => Cut(pairs.Keys.Where(_ => some is null || some.Next(2) == 0));

    /// <summary>The database is told of the end of those that were forgotten.</summary>
    public void CutForgotten() => Cut(forgotten);

    /// <summary>Clients are told that nothing more comes, while the database is told nothing and works on.</summary>
    public void HalfClose()
    {
        foreach (var pair in pairs.Keys)
        {
            Try(() => pair.Client.Shutdown(SocketShutdown.Send));
        }
    }

    public override ValueTask DisposeAsync()
    {
        Cut();
        Flow();
        return base.DisposeAsync();
    }

    protected override async Task Carry(Socket client, Socket server)
    {
        using var ended = new CancellationTokenSource();
        var pair = new Pair(client, server, ended);
        pairs[pair] = 0;
        await Task.WhenAny(Pump(client, server, toDatabase: true, ended.Token), Pump(server, client, toDatabase: false, ended.Token));
        pairs.TryRemove(pair, out _);
        await ended.CancelAsync();
    }

    private async Task Pump(Socket from, Socket to, bool toDatabase, CancellationToken ended)
    {
        var gate = flowing.Task;
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer, ended) is var read and > 0)
            {
                // A connection that was there when a stall began keeps to that stall's gate, so that it can be forgotten.
                gate = gate.IsCompleted ? flowing.Task : gate;
                await gate.WaitAsync(ended);
                if (toDatabase && Delay > TimeSpan.Zero)
                {
                    await Task.Delay(Delay, ended);
                }

                for (var sent = 0; sent < read;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, read - sent), ended);
                }
            }
        }
        catch (Exception over) when (over is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The other direction ends with this one.
        }
    }

    private static void Cut(IEnumerable<Pair> some)
    {
        foreach (var pair in some)
        {
            Reset(pair.Client);
            Reset(pair.Server);
            Try(pair.Ended.Cancel);
        }
    }

    private static void Reset(Socket socket) => Try(() =>
    {
        socket.LingerState = new(true, 0);
        socket.Close();
    });

    private static void Try(Action act)
    {
        try
        {
            act();
        }
        catch (Exception over) when (over is SocketException or ObjectDisposedException)
        {
            // It has ended by itself meanwhile.
        }
    }

    private sealed record Pair(Socket Client, Socket Server, CancellationTokenSource Ended);

    private static TaskCompletionSource Completed()
    {
        var completed = new TaskCompletionSource();
        completed.SetResult();
        return completed;
    }
}
