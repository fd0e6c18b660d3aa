using System.Text.RegularExpressions;

namespace Kalends.Storage.Postgres;

/// <summary>
/// PostgreSQL builds no index beside the work of others on a table that has partitions, only on each of them. So a statement of an online script may
/// begin with <c>FOR EACH PARTITION OF table WITHOUT index:</c> and stands for as many as there are partitions that have no part of that index yet;
/// their name is <c>{partition}</c> in it. Run again, it is for those that are left.
/// </summary>
internal static partial class EachPartition
{
    private const string LeftSql = """
        SELECT p.inhrelid::regclass::text FROM pg_inherits p WHERE p.inhparent = to_regclass($1)
          AND NOT EXISTS (SELECT 1 FROM pg_inherits part JOIN pg_index i ON i.indexrelid = part.inhrelid
                          WHERE part.inhparent = to_regclass($2) AND i.indrelid = p.inhrelid)
        ORDER BY 1
        """;

    /// <summary>The script with a statement for each partition in the place of such.</summary>
    public static async ValueTask<string> WriteOut(Wire wire, string script, CancellationToken stopped)
    {
        var written = script;
        foreach (var (whole, table, index, statement) in Meant().Matches(script)
            .Select(match => (match.Value, match.Groups["table"].Value, match.Groups["index"].Value, match.Groups["statement"].Value)))
        {
            var left = new List<string>();
            await wire.Run(new Statement(LeftSql).With(table).With(index).Reading(row => left.Add(row.Plain(0))), stopped);
            var all = left.Select(partition => statement.Replace("{partition}", partition, StringComparison.Ordinal));
            written = written.Replace(whole, string.Concat(all), StringComparison.Ordinal);
        }

        return written;
    }

    [GeneratedRegex(@"^FOR EACH PARTITION OF (?<table>\w+) WITHOUT (?<index>\w+): (?<statement>[^;]*;\n)", RegexOptions.Multiline)]
    private static partial Regex Meant();
}
