using System.Security.Cryptography;
using System.Text;
using Microsoft.Data.Sqlite;

namespace Kalends.Storage.Sqlite;

/// <summary>One look for what should never be: each row it answers is a sentence about one fault.</summary>
internal readonly record struct Check(string Sql);

/// <summary>
/// Looks through the whole file, on one snapshot: what SQLite itself can tell (pages, indexes, constraints, foreign keys), then
/// our own invariants between the tables.
/// </summary>
internal static class Soundness
{
    /// <summary>Findings of one kind that are told one by one: a broken store may have a million of them.</summary>
    private const int MostPerCheck = 100;

    private static readonly Check[] Checks =
    [
        new("SELECT 'The file: ' || integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'"),
        new("""
            SELECT 'Table ' || "table" || ': row ' || coalesce(rowid, 'of its key') || ' points to a missing row of ' || parent
            FROM pragma_foreign_key_check
            """),
        .. AppointmentChecks.All,
        .. OpenHoursChecks.All,
        .. TrailChecks.All,
        .. QueueChecks.All,
    ];

    public static IEnumerable<string> Findings(Connection connection, CancellationToken stopped)
    {
        // SQLite has none of its own.
        connection.Plain.CreateFunction("sha256", (string? text) => text is null ? null : SHA256.HashData(Encoding.UTF8.GetBytes(text)), isDeterministic: true);
        foreach (var check in Checks)
        {
            stopped.ThrowIfCancellationRequested();
            foreach (var finding in Findings(connection, check))
            {
                yield return finding;
            }
        }
    }

    private static List<string> Findings(Connection connection, Check check)
    {
        var findings = new List<string>();
        try
        {
            using var rows = new Statement(connection.Handle, check.Sql);
            while (findings.Count < MostPerCheck && rows.Step())
            {
                findings.Add(rows.Text(0));
            }

            if (findings.Count == MostPerCheck)
            {
                findings.Add($"More of the kind of the last {MostPerCheck} findings may follow; they are not listed.");
            }
        }
        catch (SqliteException fault) when (fault.SqliteErrorCode == SQLitePCL.raw.SQLITE_CORRUPT)
        {
            findings.Add($"The file is damaged where a check reads it: {fault.Message}");
        }

        return findings;
    }
}
