using System.Net.Sockets;
using Npgsql;

namespace Kalends.Storage.Postgres;

/// <summary>
/// A connection out of the pool, used by one session at a time. All statements handed in together make one round trip, and the first that
/// fails ends the batch.
/// </summary>
internal sealed class Wire(NpgsqlConnection connection) : IAsyncDisposable
{
    /// <summary>Calendars that were asked to be locked on it: whoever runs the command again locks them first.</summary>
    public HashSet<CalendarId> Asked { get; } = [];

    public static async ValueTask<Wire> Open(NpgsqlDataSource source, CancellationToken stopped)
    {
        try
        {
            return new(await source.OpenConnectionAsync(stopped));
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            throw Faults.From(fault, []);
        }
    }

    public async ValueTask Run(IReadOnlyCollection<Statement> statements, CancellationToken stopped)
    {
        await using var batch = new NpgsqlBatch(connection);
        foreach (var statement in statements)
        {
            batch.BatchCommands.Add(statement.Command);
        }

        try
        {
            await using var reader = await batch.ExecuteReaderAsync(stopped);
            foreach (var statement in statements.Where(statement => statement.Read is not null))
            {
                while (await reader.ReadAsync(stopped))
                {
                    statement.Read!(new(reader));
                }

                await reader.NextResultAsync(stopped);
            }
        }
        catch (Exception fault) when (IsOfTheConnection(fault))
        {
            throw Faults.From(fault, Asked);
        }
    }

    public ValueTask Run(Statement statement, CancellationToken stopped) => Run([statement], stopped);

    /// <summary>The driver rolls back what is still open before it lends the connection again, and drops it when it is broken.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await connection.DisposeAsync();
        }
        catch (Exception fault) when (IsOfTheConnection(fault))
        {
            // It broke over the rollback and was dropped. The database undoes by itself what was open, so nobody needs to hear of it.
        }
    }

    private static bool IsOfTheConnection(Exception fault) => fault is NpgsqlException or TimeoutException or IOException or SocketException;
}
