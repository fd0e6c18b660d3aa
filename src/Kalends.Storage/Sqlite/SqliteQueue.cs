using Kalends.Queue;
using NodaTime;

namespace Kalends.Storage.Sqlite;

/// <summary>
/// The queues of all tenants, read by whoever writes. Before that it is looked whether there is anything, so that idle workers keep nobody from writing. Only
/// this process tells of what was sent; another's is found by looking.
/// </summary>
internal sealed class SqliteQueue(Readers readers, WriterTurns writers, QueueBell bell) : IWorkQueue
{
    private const string InOrder = "FROM queue_message WHERE queue = ?1 AND held = ?2 AND visible_at";

    private const string AnySql = $"SELECT 1 {InOrder} <= ?3 LIMIT 1";

    private const string NextSql = $"SELECT visible_at {InOrder} > ?3 ORDER BY visible_at LIMIT 1";

    private const string LookSql = $"SELECT id, destination {InOrder} <= ?3 ORDER BY visible_at, id LIMIT ?4";

    private const string TakeSql = """
        UPDATE queue_message SET held = 1, lease = lease + 1, reads = reads + 1, visible_at = ?2 WHERE id = ?1
        RETURNING (SELECT name FROM tenant WHERE key = queue_message.tenant), lease, kind, destination, reads, enqueued_at, deadline
        """;

    private const string VisibleSql = "SELECT visible_at FROM queue_message WHERE id = ?1";

    private const string PutOffSql = "UPDATE queue_message SET visible_at = ?2 WHERE id = ?1";

    private const string FirstSql = "SELECT min(queue) FROM queue_message WHERE queue > ?1";

    private const string FirstDeadSql = "SELECT min(queue) FROM queue_archive WHERE dead = 1 AND queue > ?1";

    private const string DepthSql = $"""
        SELECT (SELECT count(*) FROM (SELECT 1 FROM queue_message WHERE queue = ?1 AND held = 0 AND visible_at <= ?2 LIMIT ?3)),
            (SELECT count(*) FROM (SELECT 1 FROM queue_message WHERE queue = ?1 AND held = 0 AND visible_at > ?2 LIMIT ?3)),
            (SELECT count(*) FROM (SELECT 1 FROM queue_message WHERE queue = ?1 AND held = 1 LIMIT ?3)),
            (SELECT count(*) FROM (SELECT 1 FROM queue_archive WHERE dead = 1 AND queue = ?1 LIMIT ?3)),
            (SELECT min(visible_at) FROM queue_message WHERE queue = ?1 AND held = 0 AND visible_at <= ?2)
        """;

    public async ValueTask<Taken> Take(TakeOrder order, Instant now, CancellationToken stopped)
    {
        stopped.ThrowIfCancellationRequested();
        if (LookFirst(order, now) is { } nothing)
        {
            return nothing;
        }

        await using var session = new SqliteWriteSession(await writers.Begin(stopped), TenantRows.Unknown, writers);
        var (messages, putOff) = (new List<LeasedMessage>(), new Dictionary<string, int>(StringComparer.Ordinal));
        var given = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (id, destination) in Look(session.Connection, order, now))
        {
            if (destination is not null)
            {
                var (room, back) = RoomOf(order, destination);
                var place = given[destination] = given.GetValueOrDefault(destination) + 1;
                if (place > room)
                {
                    session.Connection.Prepare(PutOffSql).With(id).With(back.ToUnixTimeMilliseconds() + place - room).Run();
                    putOff[destination] = putOff.GetValueOrDefault(destination) + 1;
                    continue;
                }
            }

            if (messages.Count < order.Most)
            {
                messages.Add(Take(session.Connection, id, (now + order.Lease).ToUnixTimeMilliseconds()));
            }
        }

        var next = messages.Count + putOff.Count < order.Most ? Next(session.Connection, order, now) : null;
        await session.Commit(stopped);
        return new(messages, putOff, next);
    }

    public ValueTask<IReadOnlyList<QueueDepth>> Depths(Instant now, CancellationToken stopped)
    {
        stopped.ThrowIfCancellationRequested();
        var connection = readers.Begin();
        try
        {
            return ValueTask.FromResult<IReadOnlyList<QueueDepth>>(
                [
                    .. Names(connection, FirstSql).Union(Names(connection, FirstDeadSql)).Order(StringComparer.Ordinal)
                        .Select(queue => Depth(connection, queue, now)),
                ]);
        }
        finally
        {
            readers.End(connection);
        }
    }

    public IAsyncDisposable Listen(Action<string> sent)
    {
        bell.Add(sent);
        return new Ending(() =>
        {
            bell.Remove(sent);
            return ValueTask.CompletedTask;
        });
    }

    private Taken? LookFirst(TakeOrder order, Instant now)
    {
        var connection = readers.Begin();
        try
        {
            return Bound(connection, AnySql, order, now).Step()
                ? null
                : new([], new Dictionary<string, int>(), Next(connection, order, now));
        }
        finally
        {
            readers.End(connection);
        }
    }

    private static (int Room, Instant Back) RoomOf(TakeOrder order, string destination) =>
        order.Rooms.FirstOrDefault(room => room.Destination == destination) is { } known ? (known.Room, known.Back) : (order.UsualRoom, order.UsualBack);

    private static List<(long Id, string? Destination)> Look(Connection connection, TakeOrder order, Instant now)
    {
        var found = new List<(long, string?)>();
        var rows = Bound(connection, LookSql, order, now).With(order.Most + order.LooksBeyond);
        while (rows.Step())
        {
            found.Add((rows.Long(0), rows.TextOrNull(1)));
        }

        return found;
    }

    private static LeasedMessage Take(Connection connection, long id, long until)
    {
        var seen = connection.Prepare(VisibleSql).With(id);
        seen.Step();
        var visibleAt = Instant.FromUnixTimeMilliseconds(seen.Long(0));
        var row = connection.Prepare(TakeSql).With(id).With(until);
        row.Step();
        var taken = new LeasedMessage(
            row.Text(0), new(id, row.Long(1)), row.Text(2), row.TextOrNull(3), (int)row.Long(4), Instant.FromUnixTimeMilliseconds(row.Long(5)), visibleAt,
            Instant.FromUnixTimeMilliseconds(row.Long(6)));
        row.Reset();
        return taken;
    }

    private static Instant? Next(Connection connection, TakeOrder order, Instant now)
    {
        var row = Bound(connection, NextSql, order, now);
        return row.Step() ? Instant.FromUnixTimeMilliseconds(row.Long(0)) : null;
    }

    private static Statement Bound(Connection connection, string constantSql, TakeOrder order, Instant now) =>
        connection.Prepare(constantSql).With(order.Queue).With(order.OfLost).With(now.ToUnixTimeMilliseconds());

    private static List<string> Names(Connection connection, string constantSql)
    {
        var names = new List<string>();
        for (var last = ""; ; names.Add(last))
        {
            var row = connection.Prepare(constantSql).With(last);
            if (!row.Step() || row.IsNull(0))
            {
                return names;
            }

            last = row.Text(0);
        }
    }

    private static QueueDepth Depth(Connection connection, string queue, Instant now)
    {
        var row = connection.Prepare(DepthSql).With(queue).With(now.ToUnixTimeMilliseconds()).With(IWorkQueue.MostCounted);
        row.Step();
        return new(
            queue, row.Long(0), row.Long(1), row.Long(2), row.Long(3), row.IsNull(4) ? null : Instant.FromUnixTimeMilliseconds(row.Long(4)));
    }
}
