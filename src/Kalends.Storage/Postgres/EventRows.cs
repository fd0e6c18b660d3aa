using Kalends.Audit;
using NodaTime;

namespace Kalends.Storage.Postgres;

/// <summary>Trail and outbox for who takes them elsewhere. The time is what they are partitioned by.</summary>
internal sealed class EventRows(PostgresSession session) : IEventRows
{
    private const string TrailSql = """
        SELECT x.seq, x.at, c.person, c.app, c.name, x.command, c.request_id, x.appointment, x.kind, x.version, x.before, x.after
        FROM trail x JOIN command c ON c.tenant = x.tenant AND c.id = x.command AND c.at = x.at
        WHERE x.tenant = $1 AND x.seq > $2 AND x.at >= $3 AND x.at < $4 ORDER BY x.seq LIMIT $5
        """;

    private const string PublishedSql = """
        SELECT seq, time, id, type, subject, data FROM outbox WHERE tenant = $1 AND seq > $2 AND time >= $3 AND time < $4 ORDER BY seq LIMIT $5
        """;

    private const string CountSql = """
        SELECT (SELECT count(*) FROM trail WHERE tenant = $1 AND at >= $2 AND at < $3) + (SELECT count(*) FROM outbox
            WHERE tenant = $1 AND time >= $2 AND time < $3)
        """;

    public async ValueTask<IReadOnlyList<TrailRow>> Trail(long after, Instant from, Instant until, int limit) => await session.All(
        Paged(TrailSql, after, from, until, limit),
        row => new TrailRow
        {
            Seq = row.Long(0),
            At = Instant.FromUnixTimeSeconds(row.Time(1)),
            By = row.Text(2),
            App = row.Text(3),
            Command = row.Text(4),
            CommandId = row.Guid(5),
            RequestId = row.TextOrNull(6),
            Appointment = row.GuidOrNull(7),
            Kind = row.TextOrNull(8),
            Version = row.IsNull(9) ? null : row.Integer(9),
            Before = row.IsNull(10) ? null : row.Plain(10),
            After = row.IsNull(11) ? null : row.Plain(11),
        });

    public async ValueTask<IReadOnlyList<PublishedRow>> Published(long after, Instant from, Instant until, int limit) => await session.All(
        Paged(PublishedSql, after, from, until, limit),
        row => new PublishedRow(
            row.Long(0), Instant.FromUnixTimeSeconds(row.Time(1)), row.Guid(2), row.Text(3), row.Text(4), row.Plain(5)));

    public async ValueTask<long> Count(Instant from, Instant until) => (await session.All(
        session.Prepare(CountSql).WithTime(from.ToUnixTimeSeconds()).WithTime(until.ToUnixTimeSeconds()), row => row.Long(0)))[0];

    private Statement Paged(string constantSql, long after, Instant from, Instant until, int limit) => session.Prepare(constantSql)
        .With(after).WithTime(from.ToUnixTimeSeconds()).WithTime(until.ToUnixTimeSeconds()).With((long)limit);
}
