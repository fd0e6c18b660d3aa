using Kalends.Audit;
using NodaTime;

namespace Kalends.Storage.Sqlite;

/// <summary>Trail and outbox for who takes them elsewhere.</summary>
internal sealed class EventRows(SqliteSession session) : IEventRows
{
    private const string TrailSql = """
        SELECT x.seq, c.at, c.person, c.app, c.name, x.command, c.request_id, x.appointment, x.kind, x.version, x.before, x.after
        FROM trail x CROSS JOIN command c ON c.tenant = x.tenant AND c.id = x.command
        WHERE x.tenant = ?1 AND x.seq > ?2 AND c.at >= ?3 AND c.at < ?4 ORDER BY x.seq LIMIT ?5
        """;

    private const string PublishedSql = """
        SELECT seq, time, id, type, subject, data FROM outbox WHERE tenant = ?1 AND seq > ?2 AND time >= ?3 AND time < ?4 ORDER BY seq LIMIT ?5
        """;

    private const string CountTrailSql = """
        SELECT count(*) FROM trail x CROSS JOIN command c ON c.tenant = x.tenant AND c.id = x.command
        WHERE x.tenant = ?1 AND x.seq > 0 AND c.at >= ?2 AND c.at < ?3
        """;

    private const string CountPublishedSql = "SELECT count(*) FROM outbox WHERE tenant = ?1 AND seq > 0 AND time >= ?2 AND time < ?3";

    public ValueTask<IReadOnlyList<TrailRow>> Trail(long after, Instant from, Instant until, int limit)
    {
        var found = new List<TrailRow>();
        var row = session.Prepare(TrailSql).With(after).With(from.ToUnixTimeSeconds()).With(until.ToUnixTimeSeconds()).With(limit);
        while (row.Step())
        {
            found.Add(new()
            {
                Seq = row.Long(0),
                At = Instant.FromUnixTimeSeconds(row.Long(1)),
                By = row.Text(2),
                App = row.Text(3),
                Command = row.Text(4),
                CommandId = row.Guid(5),
                RequestId = row.TextOrNull(6),
                Appointment = row.GuidOrNull(7),
                Kind = row.TextOrNull(8),
                Version = row.IsNull(9) ? null : row.Long(9),
                Before = row.TextOrNull(10),
                After = row.TextOrNull(11),
            });
        }

        return ValueTask.FromResult<IReadOnlyList<TrailRow>>(found);
    }

    public ValueTask<IReadOnlyList<PublishedRow>> Published(long after, Instant from, Instant until, int limit)
    {
        var found = new List<PublishedRow>();
        var row = session.Prepare(PublishedSql).With(after).With(from.ToUnixTimeSeconds()).With(until.ToUnixTimeSeconds()).With(limit);
        while (row.Step())
        {
            found.Add(new(
                row.Long(0), Instant.FromUnixTimeSeconds(row.Long(1)), System.Guid.Parse(row.Text(2)), row.Text(3), row.Text(4), row.Text(5)));
        }

        return ValueTask.FromResult<IReadOnlyList<PublishedRow>>(found);
    }

    public ValueTask<long> Count(Instant from, Instant until)
    {
        var count = 0L;
        foreach (var constantSql in new[] { CountTrailSql, CountPublishedSql })
        {
            var row = session.Prepare(constantSql).With(from.ToUnixTimeSeconds()).With(until.ToUnixTimeSeconds());
            count += row.Step() ? row.Long(0) : 0;
        }

        return ValueTask.FromResult(count);
    }
}
