using Kalends.Publications;
using NodaTime;

namespace Kalends.Storage.Postgres;

/// <summary>
/// The outbox, read in the order of its numbers, and only as far as nobody can commit a lower one any more. A transaction has begun before it takes
/// a number, so whoever holds one below the highest that is to be seen is below the next transaction to begin: once all those are over, the numbers up
/// to there are settled.
/// </summary>
internal sealed class PublicationRows(PostgresSession session) : IPublicationRows
{
    // A snapshot's own upper end leaves out who began and is not over: age() counts from the next transaction to begin.
    private const string Moment = """
        SELECT pg_snapshot_xmin(s)::text::bigint AS oldest, pg_snapshot_xmax(s)::text::bigint + age(pg_snapshot_xmax(s)::xid) AS next
        FROM pg_current_snapshot() s
        """;

    private const string ReachedSql = $"""
        SELECT m.oldest, m.next, (SELECT max(seq) FROM outbox WHERE tenant = $1 AND seq > $2) FROM ({Moment}) m
        """;

    // The second and later parts say the same as Reached does, in the same moment. $4 stands for the calendar that no one asks for here.
    private const string PageSql = $"""
        SELECT e.*, o.seq, o.id, o.time, o.type, o.data FROM
            (SELECT * FROM outbox WHERE tenant = $1 AND seq > $2 AND seq <=
                (SELECT CASE WHEN m.oldest >= m.next THEN 9223372036854775807 WHEN m.oldest >= $6 THEN $3 ELSE $2 END FROM ({Moment}) m)
             ORDER BY seq LIMIT $5) o
        LEFT JOIN LATERAL
            (SELECT {HistoryRows.Columns} FROM
                (SELECT * FROM trail WHERE tenant = $1 AND appointment = o.subject::uuid AND at = o.time AND event = o.id OFFSET 0) x
             {HistoryRows.Command} OFFSET 0) e ON true
        ORDER BY o.seq
        """;

    private const string BeforeLastSql = "SELECT seq FROM outbox WHERE tenant = $1 ORDER BY seq DESC OFFSET $2 LIMIT 1";

    public async ValueTask<FeedPage> Read(long after, FeedMark? mark, int limit)
    {
        var (through, next, full) = (after, mark, false);
        var entries = new List<PublishedEntry>();
        var reached = session.Prepare(ReachedSql).With(after).Reading(row =>
        {
            var last = row.IsNull(2) ? Math.Max(after, 0) : row.Long(2);
            (through, next) = Reached(after, mark, last, row.Long(0), row.Long(1));
        });
        var page = session.Prepare(PageSql).With(after).With(mark?.Seq ?? after).WithInteger(null).With((long)limit).With(mark?.Before ?? long.MaxValue)
            .Reading(row => entries.Add(Entry(row)));
        await session.Run(limit == 0 ? [reached] : [reached, page]);
        if (entries.Count == limit && limit > 0)
        {
            (through, full) = (entries[^1].Seq, true);
        }

        return new(entries, through, next, full);
    }

    public async ValueTask<long> BeforeLast(int count) =>
        (await session.All(session.Prepare(BeforeLastSql).With((long)count), row => row.Long(0))).SingleOrDefault();

    /// <summary>How far all is there, and what to look at the next time.</summary>
    private static (long Through, FeedMark? Mark) Reached(long after, FeedMark? mark, long last, long oldest, long next)
    {
        if (oldest >= next)
        {
            return (last, null);
        }

        var isOver = mark is { Before: var before } && oldest >= before;
        var through = isOver ? Math.Max(after, mark!.Value.Seq) : after;
        return (through, mark is { } waits && !isOver ? waits : last > through ? new FeedMark(last, next) : null);
    }

    private static PublishedEntry Entry(Row row) => new(
        row.Long(16), row.Guid(17), Instant.FromUnixTimeSeconds(row.Time(18)), row.Text(19), row.Bytes(20), row.IsNull(0) ? null : HistoryRows.Entry(row));
}
