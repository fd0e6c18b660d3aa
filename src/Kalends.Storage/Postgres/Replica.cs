using System.Diagnostics;
using Npgsql;

namespace Kalends.Storage.Postgres;

/// <summary>
/// One replica: a session of it sees what the replica has replayed of the primary's log. It is used while its watch (<see cref="Replicas"/>) finds it
/// fit; a query that fails on it is run on the primary, and where the connection was lost it rests until the watch finds it fit again.
/// </summary>
internal sealed class Replica(string name, NpgsqlConnectionStringBuilder settings, TimeSpan patience) : IAsyncDisposable
{
    /// <summary>Pauses between two looks whether a replica has come to a position: a millisecond at first, for most have to wait for no more.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(20);

    private readonly NpgsqlDataSource source = NpgsqlDataSource.Create(settings);
    private readonly Lock held = new();
    private volatile Fitness fitness = Fitness.Unknown;
    private volatile string reason = "";
    private Position reached;
    private bool standsStill;
    private int losses;

    private enum Fitness
    {
        Unknown,
        Fit,
        Lost,
    }

    /// <summary>Host and port.</summary>
    public string Name => name;

    public bool IsFit => fitness == Fitness.Fit;

    /// <summary>For people; null until it was first looked at.</summary>
    public StoreNews? News => fitness switch
    {
        Fitness.Fit => new(true, $"The replica {name} is used."),
        Fitness.Lost => new(false, $"The replica {name} is not used for now. {reason}"),
        _ => null,
    };

    /// <summary>
    /// How often it was lost. What was begun before the last time tells nothing of how it stands now: a connection of then is broken, though the
    /// replica may long be back, and an answer of then says nothing of whether it is.
    /// </summary>
    public int Losses => Volatile.Read(ref losses);

    /// <summary>What the primary had when it was last heard of and this has not, in time.</summary>
    public TimeSpan Behind { get; private set; }

    /// <summary>Told when it becomes fit, or is so no more.</summary>
    public Action? Changed { get; set; }

    /// <summary>False where it is known to be of no use: it is unfit, or stands still before the position.</summary>
    public bool MayAnswer(Position? atLeast)
    {
        lock (held)
        {
            return IsFit && !(standsStill && atLeast is { } wanted && !wanted.IsWithin(reached));
        }
    }

    /// <summary>
    /// A connection for a session. With a position it has come so far by then: mostly it has, which is found in one look, else it is waited for.
    /// </summary>
    public async ValueTask<Wire> Open(Snapshot snapshot, Position? atLeast, CancellationToken stopped)
    {
        var before = Losses;
        var wire = await Wire.Open(source, stopped, (fault, calendars) => Failed(fault, calendars, before));
        try
        {
            if (atLeast is { } wanted)
            {
                snapshot.WillCover(await WaitFor(wanted, wire, stopped));
            }

            return wire;
        }
        catch
        {
            await wire.DisposeAsync();
            throw;
        }
    }

    /// <summary>What it has replayed, which nothing has that is no replica any more.</summary>
    public Position Standing(Position? replayed)
    {
        if (replayed is not { } come)
        {
            Lost("It is no replica.", Losses);
            throw new ReplicaFailedException("The database is a replica no more.");
        }

        Note(come);
        return come;
    }

    /// <param name="come">How far it has come.</param>
    /// <param name="behind">The primary.</param>
    /// <param name="before">Its <see cref="Losses"/> when it was asked.</param>
    public void Found(Position come, TimeSpan behind, int before)
    {
        lock (held)
        {
            if (losses != before)
            {
                return;
            }

            Note(come);
            Behind = behind;
            if (fitness == Fitness.Fit)
            {
                return;
            }

            fitness = Fitness.Fit;
        }

        Changed?.Invoke();
    }

    /// <param name="why">A sentence.</param>
    /// <param name="before">Its <see cref="Losses"/> when that was begun by which it was found.</param>
    public void Lost(string why, int before)
    {
        lock (held)
        {
            if (fitness == Fitness.Lost || losses != before)
            {
                return;
            }

            (reason, fitness, losses) = (why, Fitness.Lost, losses + 1);
            (reached, standsStill) = (default, false);
        }

        // Connections that are idle are as dead as the one that was used.
        source.Clear();
        Changed?.Invoke();
    }

    public ValueTask DisposeAsync() => source.DisposeAsync();

    /// <summary>Looks again and again, until the replica has come so far or patience is at its end.</summary>
    private async ValueTask<Position> WaitFor(Position wanted, Wire wire, CancellationToken stopped)
    {
        var (began, pause) = (Stopwatch.GetTimestamp(), TimeSpan.FromMilliseconds(1));
        var first = await Look(wire, stopped);
        var come = first;
        while (!wanted.IsWithin(come) && Stopwatch.GetElapsedTime(began) < patience)
        {
            await Task.Delay(pause, stopped);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            come = await Look(wire, stopped);
        }

        if (!wanted.IsWithin(first))
        {
            ReplicaMeasurements.Waited(began, wanted.IsWithin(come));
        }

        if (wanted.IsWithin(come))
        {
            return come;
        }

        lock (held)
        {
            standsStill |= come == first;
        }

        throw new ReplicaFailedException("The replica has not come to the position in time.");
    }

    private async ValueTask<Position> Look(Wire wire, CancellationToken stopped)
    {
        Position? come = null;
        await wire.Run(LogPlaces.Replayed(place => come = place), stopped);
        return Standing(come);
    }

    private void Note(Position come)
    {
        lock (held)
        {
            if (!come.IsWithin(reached))
            {
                (reached, standsStill) = (come, false);
            }
        }
    }

    /// <summary>
    /// Whatever the world did to a replica, the primary can be asked. Only what a query took too long for here would take as long there.
    /// </summary>
    private Exception Failed(Exception fault, IReadOnlyCollection<CalendarId> calendars, int before)
    {
        var told = Faults.From(fault, calendars);
        var state = (fault as PostgresException)?.SqlState;
        if (told is not (StoreUnavailableException or StoreChangedException) || state == PostgresErrorCodes.QueryCanceled)
        {
            return told;
        }

        // A query that stood in the way of what had to be replayed is cut off, and the replica is as fit as before. Where nothing was answered
        // in time it may only have much to do: its watch will tell.
        if (state != PostgresErrorCodes.SerializationFailure && fault is not (TimeoutException or { InnerException: TimeoutException }))
        {
            Lost(told.Message, before);
        }

        return new ReplicaFailedException(told.Message, fault);
    }
}
