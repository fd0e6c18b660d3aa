using System.Data;
using System.Net.Sockets;
using Npgsql;

namespace Kalends.Storage.Postgres;

/// <summary>Makes of what the driver threw what the store throws; given are the calendars that were asked to be locked.</summary>
internal delegate Exception Telling(Exception fault, IReadOnlyCollection<CalendarId> calendars);

/// <summary>
/// A connection out of the pool, used by one session at a time. All statements handed in together make one round trip, and the first that
/// fails ends the batch. A trip that takes too long, or that nobody waits for any more, is abandoned: whoever asked is told at once, and the
/// connection is closed behind their back. The driver itself would first ask the database to cancel, on the calling thread and over a connection of
/// its own, and where the database says nothing at all that is a thread of this process standing still for each command.
/// </summary>
internal sealed class Wire : IAsyncDisposable
{
    public const string BeginSql = "BEGIN";

    public const string CommitSql = "COMMIT";

    private const string RollbackSql = "ROLLBACK";

    /// <summary>For what a session leaves undone to be rolled back before the connection is given up.</summary>
    private static readonly TimeSpan Undoing = TimeSpan.FromSeconds(5);

    private readonly NpgsqlDataSource source;
    private readonly NpgsqlConnection connection;
    private readonly Telling tell;
    private bool inTransaction;
    private bool hasFailed;
    private bool abandoned;

    /// <param name="source">Lent it.</param>
    /// <param name="connection">Open.</param>
    /// <param name="tell">What a fault of the driver means: <see cref="Faults.From"/>, unless another database can do what failed on this one.</param>
    public Wire(NpgsqlDataSource source, NpgsqlConnection connection, Telling? tell = null)
    {
        (this.source, this.connection, this.tell) = (source, connection, tell ?? Faults.From);
        Patience = connection.CommandTimeout == 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(connection.CommandTimeout);
    }

    /// <summary>Calendars that were asked to be locked on it: whoever runs the command again locks them first.</summary>
    public HashSet<CalendarId> Asked { get; } = [];

    /// <summary>How long a round trip may take: the connection string's Command Timeout.</summary>
    public TimeSpan Patience { get; set; }

    private bool IsOpen => !abandoned && connection.State == ConnectionState.Open;

    public static async ValueTask<Wire> Open(NpgsqlDataSource source, CancellationToken stopped, Telling? tell = null)
    {
        try
        {
            return new(source, await source.OpenConnectionAsync(stopped), tell);
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            throw (tell ?? Faults.From)(fault, []);
        }
    }

    public async ValueTask Run(IReadOnlyCollection<Statement> statements, CancellationToken stopped)
    {
        stopped.ThrowIfCancellationRequested();
        if (!IsOpen)
        {
            throw tell(new NpgsqlException("The connection was lost before."), Asked);
        }

        try
        {
            await Within(Patience, cancelled => Execute(statements, cancelled), stopped);
        }
        catch (TimeoutException late)
        {
            // Those that lie idle are as silent as this one.
            source.Clear();
            throw tell(late, Asked);
        }
    }

    public ValueTask Run(Statement statement, CancellationToken stopped) => Run([statement], stopped);

    /// <summary>What is still open is rolled back, and the connection goes back to the pool, or is dropped when it is broken.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            if (IsOpen)
            {
                await Within(Undoing, Tidy, CancellationToken.None);
            }
        }
        catch (Exception fault) when (IsOfTheConnection(fault) || IsTold(fault))
        {
            // The database undoes by itself what was open on a connection that is lost, and the driver on one that is not.
        }
        finally
        {
            if (!abandoned)
            {
                await Return();
            }
        }
    }

    private async Task Execute(IReadOnlyCollection<Statement> statements, CancellationToken cancelled)
    {
        // Patience is ours.
        await using var batch = new NpgsqlBatch(connection) { Timeout = 0 };
        foreach (var statement in statements)
        {
            batch.BatchCommands.Add(statement.Command);
            inTransaction |= Begins(statement);
        }

        var before = hasFailed;
        hasFailed = true;
        try
        {
            await using var reader = await batch.ExecuteReaderAsync(cancelled);
            foreach (var statement in statements.Where(statement => statement.Read is not null))
            {
                while (await reader.ReadAsync(cancelled))
                {
                    statement.Read!(new(reader));
                }

                await reader.NextResultAsync(cancelled);
            }

            while (await reader.NextResultAsync(cancelled))
            {
                // The rest answers nothing; left to the reader's closing it could not be abandoned.
            }
        }
        catch (Exception fault) when (IsOfTheConnection(fault))
        {
            throw tell(fault, Asked);
        }

        hasFailed = before;
        inTransaction = statements.Aggregate(inTransaction, (open, statement) =>
            Begins(statement) || (open && statement.Command.CommandText is not (CommitSql or RollbackSql)));
    }

    private static bool Begins(Statement statement) => statement.Command.CommandText.StartsWith(BeginSql, StringComparison.Ordinal);

    private async Task Tidy(CancellationToken cancelled)
    {
        var forgets = hasFailed;
        if (inTransaction)
        {
            await Execute([new(RollbackSql)], cancelled);
        }

        if (forgets)
        {
            // A statement that fails after its first rows leaves the driver believing that those after it in the batch are prepared. This makes it
            // and the database forget them all; it waits for the answer on its thread.
            await Task.Factory.StartNew(connection.UnprepareAll, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
    }

    /// <summary>What takes longer, or is not waited for any more, is abandoned.</summary>
    private async ValueTask Within(TimeSpan patience, Func<CancellationToken, Task> act, CancellationToken stopped)
    {
        var cancel = new CancellationTokenSource();
        var acting = act(cancel.Token);
        try
        {
            await acting.WaitAsync(patience, stopped);
            cancel.Dispose();
        }
        catch (Exception impatience) when (impatience is TimeoutException or OperationCanceledException)
        {
            abandoned = true;
            _ = Bury(acting, cancel);
            throw;
        }
    }

    private async Task Bury(Task acting, CancellationTokenSource cancel)
    {
        // The driver stays in here until the database has taken its request to cancel, so on a thread of its own.
        await Task.Factory.StartNew(cancel.Cancel, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            await acting;
        }
        catch (Exception fault) when (IsTold(fault) || IsOfTheConnection(fault))
        {
            // Who asked for it has been answered.
        }

        cancel.Dispose();
        using var limit = new CancellationTokenSource(Undoing);
        try
        {
            if (connection.State == ConnectionState.Open)
            {
                await Tidy(limit.Token);
            }
        }
        catch (Exception fault) when (IsTold(fault) || IsOfTheConnection(fault))
        {
            // It is dropped.
        }

        await Return();
    }

    private async ValueTask Return()
    {
        try
        {
            await connection.DisposeAsync();
        }
        catch (Exception fault) when (IsOfTheConnection(fault))
        {
            // It broke over what the driver had left to do on it.
        }
    }

    private static bool IsOfTheConnection(Exception fault) => fault is NpgsqlException or TimeoutException or IOException or SocketException;

    /// <summary>What <see cref="Execute"/> makes of it.</summary>
    private static bool IsTold(Exception fault) =>
        fault is StoreUnavailableException or StoreChangedException or ReplicaFailedException or OperationCanceledException;
}
