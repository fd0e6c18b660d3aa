using System.Diagnostics;

namespace Kalends.Storage.Sqlite;

/// <summary>
/// Brings a file to this program's schema, making file and folder when there are none. One write transaction around all
/// missing scripts: it is all there or not at all, and of two processes that start at once one waits and finds nothing to do.
/// </summary>
internal static class Migration
{
    public static async ValueTask<IReadOnlyList<string>> Run(string file, CancellationToken stopped)
    {
        CreateFolder(file);
        var asked = Stopwatch.GetTimestamp();
        using var connection = Connection.OpenForWriting(file, create: true);
        await Patience.Until(connection.TryUseWriteAheadLog, asked, stopped);
        await Patience.Until(connection.TryBeginWriting, asked, stopped);
        var ran = Schema.Migrate(connection);
        connection.Commit();
        return ran;
    }

    private static void CreateFolder(string file)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new StoreUnavailableException(
                "The folder of the database file cannot be made: make it, or let this program write where it should be.", fault);
        }
    }
}
