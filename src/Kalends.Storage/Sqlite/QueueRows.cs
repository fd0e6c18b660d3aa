using System.Text.Json;
using Kalends.Queue;
using NodaTime;

namespace Kalends.Storage.Sqlite;

/// <summary>A tenant's messages. Parameters of what names a lease: ?2 the message, ?3 the lease's number.</summary>
internal sealed class QueueRows(SqliteSession session) : IQueueWrites
{
    private const string Columns = "id, queue, kind, body, destination, enqueued_at, visible_at, deadline, reads, held, last_error";

    private const string Held = "WHERE tenant = ?1 AND id = ?2 AND lease = ?3 AND held = 1";

    private const string FindSql = $"SELECT {Columns} FROM queue_message WHERE tenant = ?1 AND id = ?2";

    private const string PageSql = $"SELECT {Columns} FROM queue_message WHERE tenant = ?1 AND id > ?2 ORDER BY id LIMIT ?3";

    private const string DeadPageSql = """
        SELECT id, queue, kind, body, destination, enqueued_at, archived_at, deadline, reads, 0, last_error FROM queue_archive
        WHERE tenant = ?1 AND id > ?2 AND dead = 1 ORDER BY id LIMIT ?3
        """;

    private const string CountSql = """
        SELECT queue, kind, sum(state = 0 AND visible_at <= ?2), sum(state = 0 AND visible_at > ?2), sum(state = 1), sum(state = 2),
            min(CASE WHEN state = 0 AND visible_at <= ?2 THEN visible_at END)
        FROM (SELECT queue, kind, held AS state, visible_at FROM queue_message WHERE tenant = ?1
              UNION ALL SELECT queue, kind, 2, NULL FROM queue_archive WHERE tenant = ?1 AND dead = 1)
        GROUP BY queue, kind ORDER BY queue, kind
        """;

    private const string SendSql = """
        INSERT INTO queue_message (tenant, queue, kind, body, destination, enqueued_at, visible_at, deadline) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
        """;

    private const string StillHeldSql = $"SELECT 1 FROM queue_message {Held}";

    private const string ExtendSql = $"UPDATE queue_message SET visible_at = ?4 {Held}";

    private const string FinishSql = $"DELETE FROM queue_message {Held}";

    private const string GiveBackSql = $"""
        UPDATE queue_message SET held = 0, visible_at = ?4, last_error = coalesce(?5, last_error), reads = reads - ?6 {Held}
        """;

    private const string ShelveSql = $"""
        INSERT INTO queue_archive (id, tenant, queue, kind, destination, enqueued_at, archived_at, deadline, dead, lease, reads, last_error, body)
        SELECT id, tenant, queue, kind, destination, enqueued_at, ?4, deadline, ?5, lease, reads, coalesce(?6, last_error), body FROM queue_message {Held}
        """;

    private const string ForgetSql = """
        DELETE FROM queue_archive WHERE id IN (SELECT id FROM queue_archive WHERE tenant = ?1 AND dead = 0 AND queue = ?2 AND archived_at < ?3 LIMIT 10)
        """;

    private const string DeadIdsSql = "SELECT id FROM queue_archive WHERE tenant = ?1 AND dead = 1 AND id > 0";

    private const string RequeueSql = """
        INSERT INTO queue_message (id, tenant, queue, kind, destination, enqueued_at, visible_at, deadline, lease, reads, last_error, body)
        SELECT id, tenant, queue, kind, destination, ?3, ?3, max(deadline, ?3 + deadline - enqueued_at), lease, 0, last_error, body
        FROM queue_archive WHERE tenant = ?1 AND id = ?2 AND dead = 1 RETURNING queue
        """;

    private const string DeleteSql = "DELETE FROM queue_message WHERE tenant = ?1 AND id = ?2";

    private const string DeleteDeadSql = "DELETE FROM queue_archive WHERE tenant = ?1 AND id = ?2 AND dead = 1";

    public ValueTask<QueueMessage?> Find(long id)
    {
        var row = session.Prepare(FindSql).With(id);
        return ValueTask.FromResult(row.Step() ? Message(row) : null);
    }

    public ValueTask<IReadOnlyList<QueueMessage>> Page(bool dead, long after, int limit)
    {
        var found = new List<QueueMessage>();
        var rows = session.Prepare(dead ? DeadPageSql : PageSql).With(after).With(limit);
        while (rows.Step())
        {
            found.Add(Message(rows));
        }

        return ValueTask.FromResult<IReadOnlyList<QueueMessage>>(found);
    }

    public ValueTask<IReadOnlyList<QueueCount>> Count(Instant now)
    {
        var found = new List<QueueCount>();
        var rows = session.Prepare(CountSql).With(now.ToUnixTimeMilliseconds());
        while (rows.Step())
        {
            found.Add(new(
                rows.Text(0), rows.Text(1), rows.Long(2), rows.Long(3), rows.Long(4), rows.Long(5), rows.IsNull(6) ? null : Moment(rows.Long(6))));
        }

        return ValueTask.FromResult<IReadOnlyList<QueueCount>>(found);
    }

    public ValueTask Send(NewMessage message, Instant now)
    {
        message.Checked();
        var visibleAt = message.VisibleAt ?? now;
        session.Prepare(SendSql).With(message.Queue).With(message.Kind).WithJson(message.Body).With(message.Destination)
            .With(now.ToUnixTimeMilliseconds()).With(visibleAt.ToUnixTimeMilliseconds()).With(message.Deadline.ToUnixTimeMilliseconds()).Run();
        session.Sent.Add(message.Queue, isReady: visibleAt <= now);

        return ValueTask.CompletedTask;
    }

    public ValueTask<bool> StillHeld(Lease lease)
    {
        var row = Of(StillHeldSql, lease);
        var held = row.Step();
        row.Reset();
        return ValueTask.FromResult(held);
    }

    public ValueTask<bool> Extend(Lease lease, Instant until) => ValueTask.FromResult(Of(ExtendSql, lease).With(until.ToUnixTimeMilliseconds()).Run() == 1);

    public ValueTask<bool> Finish(Lease lease) => ValueTask.FromResult(Of(FinishSql, lease).Run() == 1);

    public async ValueTask FinishWithCommit(Lease lease)
    {
        if (!await Finish(lease))
        {
            throw new LeaseLostException();
        }
    }

    public async ValueTask<bool> Archive(Lease lease, Instant now)
    {
        var known = await Find(lease.Message);
        if (known is null || !Shelve(lease, isDead: false, null, now))
        {
            return false;
        }

        session.Prepare(ForgetSql).With(known.Queue).With((now - IQueueWrites.KeptFor).ToUnixTimeMilliseconds()).Run();
        return true;
    }

    public ValueTask<bool> GiveBack(Lease lease, Instant visibleAt, string? error, bool counts) => ValueTask.FromResult(
        Of(GiveBackSql, lease).With(visibleAt.ToUnixTimeMilliseconds()).With(QueueMessage.Bounded(error)).With(counts ? 0 : 1).Run() == 1);

    public ValueTask<bool> Bury(Lease lease, string reason, Instant now) => ValueTask.FromResult(Shelve(lease, isDead: true, reason, now));

    public ValueTask<long> Requeue(IReadOnlyCollection<long>? ids, Instant now)
    {
        var requeued = 0L;
        foreach (var id in ids ?? DeadIds())
        {
            var row = session.Prepare(RequeueSql).With(id).With(now.ToUnixTimeMilliseconds());
            if (row.Step())
            {
                session.Sent.Add(row.Text(0), isReady: true);
                row.Reset();
                requeued += session.Prepare(DeleteDeadSql).With(id).Run();
            }
        }

        return ValueTask.FromResult(requeued);
    }

    public ValueTask<long> Delete(IReadOnlyCollection<long> ids) => ValueTask.FromResult(
        ids.Sum(id => (long)session.Prepare(DeleteSql).With(id).Run() + session.Prepare(DeleteDeadSql).With(id).Run()));

    private bool Shelve(Lease lease, bool isDead, string? reason, Instant now) =>
        Of(ShelveSql, lease).With(now.ToUnixTimeMilliseconds()).With(isDead).With(QueueMessage.Bounded(reason)).Run() == 1
        && Of(FinishSql, lease).Run() == 1;

    private List<long> DeadIds()
    {
        var ids = new List<long>();
        var rows = session.Prepare(DeadIdsSql);
        while (rows.Step())
        {
            ids.Add(rows.Long(0));
        }

        return ids;
    }

    private Statement Of(string constantSql, Lease lease) => session.Prepare(constantSql).With(lease.Message).With(lease.Number);

    private static Instant Moment(long milliseconds) => Instant.FromUnixTimeMilliseconds(milliseconds);

    private static QueueMessage Message(Statement row) => new()
    {
        Id = row.Long(0),
        Queue = row.Text(1),
        Kind = row.Text(2),
        Body = row.Bytes(3),
        Destination = row.TextOrNull(4),
        EnqueuedAt = Moment(row.Long(5)),
        VisibleAt = Moment(row.Long(6)),
        Deadline = Moment(row.Long(7)),
        Reads = (int)row.Long(8),
        IsHeld = row.Bool(9),
        LastError = row.TextOrNull(10),
    };
}
