using System.Collections.Concurrent;

namespace Kalends.Storage.Sqlite;

/// <summary>Connections for reading, kept open while nobody needs them, the last used on top since its pages are warm.</summary>
internal sealed class Readers(string file)
{
    /// <summary>Enough that a busy server opens none, few enough that an idle one stays small (4 MB of pages each).</summary>
    private const int MostIdle = 8;

    private readonly ConcurrentStack<Connection> idle = new();
    private volatile bool closed;

    /// <summary>A connection in a read transaction. Its snapshot is taken by the first statement.</summary>
    public Connection Begin()
    {
        ObjectDisposedException.ThrowIf(closed, this);
        var connection = idle.TryPop(out var kept) ? kept : Schema.Required(Connection.OpenForReading(file));
        try
        {
            connection.Begin();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public void End(Connection connection)
    {
        try
        {
            connection.RollBack();
        }
        catch
        {
            connection.Dispose();
            throw;
        }

        if (idle.Count < MostIdle)
        {
            idle.Push(connection);
        }
        else
        {
            connection.Dispose();
        }

        if (closed)
        {
            DisposeIdle();
        }
    }

    /// <summary>True for the first who closes.</summary>
    public bool Close()
    {
        var first = !closed;
        closed = true;
        DisposeIdle();
        return first;
    }

    private void DisposeIdle()
    {
        while (idle.TryPop(out var connection))
        {
            connection.Dispose();
        }
    }
}
