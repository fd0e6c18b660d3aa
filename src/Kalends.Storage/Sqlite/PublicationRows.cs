using Kalends.Publications;
using NodaTime;

namespace Kalends.Storage.Sqlite;

/// <summary>The outbox, read in the order of its numbers, which is that of commits.</summary>
internal sealed class PublicationRows(SqliteSession session) : IPublicationRows
{
    // Of all tenants, so that nothing of the others is read again and again.
    private const string LastSql = "SELECT seq FROM outbox WHERE ?1 IS NOT NULL ORDER BY seq DESC LIMIT 1";

    private const string PageSql = $"""
        SELECT {HistoryRows.Columns}, page.seq, page.id, page.time, page.type, page.data FROM
            (SELECT * FROM outbox WHERE tenant = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3) page
        LEFT JOIN trail x ON x.seq = page.trail LEFT JOIN command c ON c.tenant = ?1 AND c.id = x.command
        ORDER BY page.seq
        """;

    private const string BeforeLastSql = "SELECT seq FROM outbox WHERE tenant = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2";

    public ValueTask<FeedPage> Read(long after, FeedMark? mark, int limit)
    {
        var last = session.Prepare(LastSql);
        var through = Math.Max(Math.Max(after, 0), last.Step() ? last.Long(0) : 0);
        var entries = new List<PublishedEntry>();
        if (limit > 0 && through > after)
        {
            var row = session.Prepare(PageSql).With(after).With(limit).WithNull();
            while (row.Step())
            {
                entries.Add(Entry(row));
            }
        }

        var full = entries.Count == limit && limit > 0;
        return ValueTask.FromResult(new FeedPage(entries, full ? entries[^1].Seq : through, null, full));
    }

    public ValueTask<long> BeforeLast(int count)
    {
        var row = session.Prepare(BeforeLastSql).With(count);
        return ValueTask.FromResult(row.Step() ? row.Long(0) : 0);
    }

    private static PublishedEntry Entry(Statement row) => new(
        row.Long(16), System.Guid.Parse(row.Text(17)), Instant.FromUnixTimeSeconds(row.Long(18)), row.Text(19), row.Bytes(20),
        row.IsNull(0) ? null : HistoryRows.Entry(row));
}
