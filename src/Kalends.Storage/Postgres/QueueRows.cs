using Kalends.Queue;
using NodaTime;

namespace Kalends.Storage.Postgres;

/// <summary>A tenant's messages. Parameters of what names a lease: $2 the message, $3 the lease's number.</summary>
internal sealed class QueueRows(PostgresSession session) : IQueueWrites
{
    private const string Columns = "id, queue, kind, body, destination, enqueued_at, visible_at, deadline, reads, held, last_error";

    private const string Held = "WHERE tenant = $1 AND id = $2 AND lease = $3 AND held";

    private const string FindSql = $"SELECT {Columns} FROM queue_message WHERE tenant = $1 AND id = $2";

    private const string PageSql = $"SELECT {Columns} FROM queue_message WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3";

    private const string DeadPageSql = """
        SELECT id, queue, kind, body, destination, enqueued_at, archived_at, deadline, reads, false, last_error FROM queue_archive
        WHERE tenant = $1 AND id > $2 AND dead ORDER BY id LIMIT $3
        """;

    private const string CountSql = """
        SELECT queue, kind, count(*) FILTER (WHERE state = 0 AND visible_at <= $2), count(*) FILTER (WHERE state = 0 AND visible_at > $2),
            count(*) FILTER (WHERE state = 1), count(*) FILTER (WHERE state = 2), min(visible_at) FILTER (WHERE state = 0 AND visible_at <= $2)
        FROM (SELECT queue, kind, held::integer AS state, visible_at FROM queue_message WHERE tenant = $1
              UNION ALL SELECT queue, kind, 2, NULL FROM queue_archive WHERE tenant = $1 AND dead) m
        GROUP BY queue, kind ORDER BY queue, kind
        """;

    private const string SendSql = """
        INSERT INTO queue_message (tenant, queue, kind, body, destination, enqueued_at, visible_at, deadline) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """;

    private const string StillHeldSql = $"SELECT 1 FROM queue_message {Held} FOR UPDATE";

    private const string ExtendSql = $"UPDATE queue_message SET visible_at = $4 {Held}";

    private const string FinishSql = $"DELETE FROM queue_message {Held}";

    // With nothing to divide by it fails, and with it the batch that it is in, so that the commit behind it is not done.
    private const string FinishOrFailSql = $"WITH gone AS ({FinishSql} RETURNING 1) SELECT 1 / count(*) FROM gone";

    private const string GiveBackSql = $"""
        UPDATE queue_message SET held = false, visible_at = $4, last_error = coalesce($5, last_error), reads = reads - $6 {Held}
        """;

    private const string ShelveSql = $"""
        WITH gone AS (DELETE FROM queue_message {Held} RETURNING *)
        INSERT INTO queue_archive (id, tenant, queue, kind, destination, enqueued_at, archived_at, deadline, dead, lease, reads, last_error, body)
        SELECT id, tenant, queue, kind, destination, enqueued_at, $4, deadline, $5, lease, reads, coalesce($6, last_error), body FROM gone
        """;

    private const string ForgetSql = """
        DELETE FROM queue_archive WHERE tenant = $1 AND id IN
            (SELECT id FROM queue_archive WHERE tenant = $1 AND NOT dead AND archived_at < $2 LIMIT 10 FOR UPDATE SKIP LOCKED)
        """;

    private const string RequeueSql = """
        WITH back AS (DELETE FROM queue_archive WHERE tenant = $1 AND dead AND ($2 IS NULL OR id = ANY ($2)) RETURNING *)
        INSERT INTO queue_message (id, tenant, queue, kind, destination, enqueued_at, visible_at, deadline, lease, last_error, body)
        SELECT id, tenant, queue, kind, destination, $3, $3, greatest(deadline, $3 + (deadline - enqueued_at)), lease, last_error, body FROM back
        RETURNING queue
        """;

    private const string DeleteSql = """
        WITH waiting AS (DELETE FROM queue_message WHERE tenant = $1 AND id = ANY ($2) RETURNING 1),
            dead AS (DELETE FROM queue_archive WHERE tenant = $1 AND dead AND id = ANY ($2) RETURNING 1)
        SELECT (SELECT count(*) FROM waiting) + (SELECT count(*) FROM dead)
        """;

    public async ValueTask<QueueMessage?> Find(long id)
    {
        QueueMessage? found = null;
        await session.RunAlone(session.Prepare(FindSql).With(id).Reading(row => found = Message(row)));
        return found;
    }

    public async ValueTask<IReadOnlyList<QueueMessage>> Page(bool dead, long after, int limit) =>
        await session.All(session.Prepare(dead ? DeadPageSql : PageSql).With(after).With((long)limit), Message);

    public async ValueTask<IReadOnlyList<QueueCount>> Count(Instant now) => await session.All(
        session.Prepare(CountSql).WithMoment(now),
        row => new QueueCount(row.Text(0), row.Text(1), row.Long(2), row.Long(3), row.Long(4), row.Long(5), row.IsNull(6) ? null : row.Moment(6)));

    public ValueTask Send(NewMessage message, Instant now)
    {
        message.Checked();
        var visibleAt = message.VisibleAt ?? now;
        session.Later(session.Prepare(SendSql).With(message.Queue).With(message.Kind).WithJson(message.Body).With(message.Destination)
            .WithMoment(now).WithMoment(visibleAt).WithMoment(message.Deadline));
        session.Sent.Add(message.Queue, isReady: visibleAt <= now);

        return ValueTask.CompletedTask;
    }

    public async ValueTask<bool> StillHeld(Lease lease) => (await session.All(Of(StillHeldSql, lease), _ => true)).Count == 1;

    public ValueTask<bool> Extend(Lease lease, Instant until) => Changed(Of(ExtendSql, lease).WithMoment(until));

    public ValueTask<bool> Finish(Lease lease) => Changed(Of(FinishSql, lease));

    public ValueTask FinishWithCommit(Lease lease)
    {
        session.Later(Of(FinishOrFailSql, lease).Reading(_ => { }));
        return ValueTask.CompletedTask;
    }

    public ValueTask<bool> Archive(Lease lease, Instant now)
    {
        session.Later(session.Prepare(ForgetSql).WithMoment(now - IQueueWrites.KeptFor));
        return Changed(Shelving(lease, isDead: false, null, now));
    }

    public ValueTask<bool> GiveBack(Lease lease, Instant visibleAt, string? error, bool counts) =>
        Changed(Of(GiveBackSql, lease).WithMoment(visibleAt).With(QueueMessage.Bounded(error)).WithInteger(counts ? 0 : 1));

    public ValueTask<bool> Bury(Lease lease, string reason, Instant now) => Changed(Shelving(lease, isDead: true, reason, now));

    public async ValueTask<long> Requeue(IReadOnlyCollection<long>? ids, Instant now)
    {
        session.HasWritten = true;
        var statement = session.Prepare(RequeueSql);
        var queues = await session.All((ids is null ? statement.WithNoNumbers() : statement.WithAll(ids)).WithMoment(now), row => row.Text(0));
        queues.ForEach(queue => session.Sent.Add(queue, isReady: true));
        return queues.Count;
    }

    public async ValueTask<long> Delete(IReadOnlyCollection<long> ids)
    {
        session.HasWritten = true;
        return (await session.All(session.Prepare(DeleteSql).WithAll(ids), row => row.Long(0)))[0];
    }

    private Statement Shelving(Lease lease, bool isDead, string? reason, Instant now) =>
        Of(ShelveSql, lease).WithMoment(now).With(isDead).With(QueueMessage.Bounded(reason));

    private Statement Of(string constantSql, Lease lease) => session.Prepare(constantSql).With(lease.Message).With(lease.Number);

    private async ValueTask<bool> Changed(Statement statement)
    {
        session.HasWritten = true;
        await session.Run(statement);
        return statement.Changed == 1;
    }

    private static QueueMessage Message(Row row) => new()
    {
        Id = row.Long(0),
        Queue = row.Text(1),
        Kind = row.Text(2),
        Body = row.Bytes(3),
        Destination = row.TextOrNull(4),
        EnqueuedAt = row.Moment(5),
        VisibleAt = row.Moment(6),
        Deadline = row.Moment(7),
        Reads = row.Integer(8),
        IsHeld = row.Bool(9),
        LastError = row.TextOrNull(10),
    };
}
