using System.Globalization;
using Npgsql;

namespace Kalends.Storage.Postgres;

/// <summary>
/// The replicas of a store, used in turn. Each is looked at once a second, beside the queries, so that no query pays for finding out that one is
/// gone or has come back: whether it answers, is a replica, of this store and schema, and how far it is behind the primary.
/// </summary>
internal sealed class Replicas : IAsyncDisposable
{
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(1);

    private readonly List<Replica> all;
    private readonly List<ReplicaLook> looks;
    private readonly PrimaryProgress progress;
    private readonly TimeSpan mostBehind;
    private readonly CancellationTokenSource over = new();
    private readonly ReplicaMeasurements measurements;
    private readonly Task watching;
    private volatile Action<StoreNews>? told;
    private int turn;

    /// <param name="replicas">The settings of each.</param>
    /// <param name="primary">Asks how far the primary is.</param>
    /// <param name="sealingKeys">The store's, once it is known: two stores have two.</param>
    public Replicas(
        IReadOnlyList<NpgsqlConnectionStringBuilder> replicas, ReplicaPatience patience,
        Func<CancellationToken, ValueTask<Position>> primary, Func<SealingKeys?> sealingKeys)
    {
        mostBehind = patience.MostBehind;
        progress = new(mostBehind + Round);
        all = [.. replicas.Select(settings => new Replica(NameOf(settings), settings, patience.Wait))];
        measurements = new(all);
        looks = [.. replicas.Zip(all, (settings, replica) => new ReplicaLook(replica, settings, sealingKeys))];
        all.ForEach(replica => replica.Changed = () => Tell([replica]));
        watching = Task.WhenAll([Again(token => Sample(primary, token)), .. looks.Select(look => Again(token => Look(look, token)))]);
    }

    /// <summary>Tells how it stands with each, and from then on what changes.</summary>
    public void Listen(Action<StoreNews> listener)
    {
        told = listener;
        Tell(all);
    }

    /// <summary>Whose turn it is of those that may answer, or null.</summary>
    public Replica? Next(Position? atLeast)
    {
        var first = (uint)Interlocked.Increment(ref turn);
        for (var offset = 0U; offset < all.Count; offset++)
        {
            var replica = all[(int)((first + offset) % (uint)all.Count)];
            if (replica.MayAnswer(atLeast))
            {
                return replica;
            }
        }

        return null;
    }

    public async ValueTask DisposeAsync()
    {
        await over.CancelAsync();
        await watching;
        measurements.Dispose();
        over.Dispose();
        foreach (var part in looks.Concat<IAsyncDisposable>(all))
        {
            await part.DisposeAsync();
        }
    }

    /// <summary>Host and port, which a list may name together.</summary>
    private static string NameOf(NpgsqlConnectionStringBuilder settings) =>
        settings.Host!.Contains(':', StringComparison.Ordinal) ? settings.Host : $"{settings.Host}:{settings.Port}";

    private void Tell(IEnumerable<Replica> replicas)
    {
        foreach (var news in replicas.Select(replica => replica.News).OfType<StoreNews>())
        {
            told?.Invoke(news);
        }
    }

    private async Task Again(Func<CancellationToken, Task> look)
    {
        await Task.Yield();
        while (!over.IsCancellationRequested)
        {
            try
            {
                await look(over.Token);
                await Task.Delay(Round, over.Token);
            }
            catch (OperationCanceledException) when (over.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private async Task Sample(Func<CancellationToken, ValueTask<Position>> primary, CancellationToken stopped)
    {
        try
        {
            progress.Note(await primary(stopped));
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            // What was heard of it last still counts, so that replicas answer while the primary is away; queries that need it tell what is wrong.
            return;
        }
    }

    private async Task Look(ReplicaLook look, CancellationToken stopped)
    {
        var replica = look.Replica;
        var before = replica.Losses;
        try
        {
            if (await look.Once(stopped) is { } come)
            {
                var behind = progress.Behind(come);
                if (behind > mostBehind)
                {
                    replica.Lost(string.Create(CultureInfo.InvariantCulture, $"It is more than {mostBehind.TotalSeconds:0.#} s behind."), before);
                }
                else if (replica.IsFit || progress.HasCaughtUp(come))
                {
                    replica.Found(come, behind, before);
                }
            }
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            replica.Lost(fault.Message, before);
        }
    }
}
