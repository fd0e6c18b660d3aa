using Kalends.Queue;
using NodaTime;

namespace Kalends.Storage.Postgres;

/// <summary>The queues of all tenants, through functions that tell workers which messages there are and not what is in them (0012_queue.sql).</summary>
internal sealed class PostgresQueue(Func<CancellationToken, ValueTask<Wire>> open, QueueNotices notices) : IWorkQueue
{
    private const string TakeSql = """
        SELECT tenant, id, lease, kind, destination, reads, enqueued_at, visible_at, deadline, put_off
        FROM take_messages($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        """;

    private const string DepthsSql = "SELECT queue, waiting, delayed, held, dead, oldest FROM queue_depths($1, $2)";

    public async ValueTask<Taken> Take(TakeOrder order, Instant now, CancellationToken stopped)
    {
        var (messages, putOff, next) = (new List<LeasedMessage>(), new Dictionary<string, int>(StringComparer.Ordinal), (Instant?)null);
        var taking = new Statement(TakeSql).With(order.Queue).With(order.OfLost).WithInteger(order.Most)
            .WithInteger(order.LooksBeyond).WithMoment(now).WithMoment(now + order.Lease)
            .WithInteger(order.UsualRoom).WithMoment(order.UsualBack)
            .WithAll(order.Rooms.Select(room => room.Destination)).WithKeys(order.Rooms.Select(room => (long)room.Room))
            .WithMoments(order.Rooms.Select(room => room.Back));
        await Run(taking.Reading(row =>
        {
            if (!row.IsNull(1))
            {
                messages.Add(Message(row));
            }
            else if (!row.IsNull(9))
            {
                putOff[row.Text(4)] = (int)row.Long(9);
            }
            else
            {
                next = row.Moment(7);
            }
        }), stopped);
        return new([.. messages.OrderBy(message => message.VisibleAt).ThenBy(message => message.Lease.Message)], putOff, next);
    }

    public async ValueTask<IReadOnlyList<QueueDepth>> Depths(Instant now, CancellationToken stopped)
    {
        var found = new List<QueueDepth>();
        await Run(new Statement(DepthsSql).WithMoment(now).With((long)IWorkQueue.MostCounted).Reading(row => found.Add(new(
            row.Text(0), row.Long(1), row.Long(2), row.Long(3), row.Long(4), row.IsNull(5) ? null : row.Moment(5)))), stopped);
        return found;
    }

    public IAsyncDisposable Listen(Action<string> sent) => notices.Listen(sent);

    private async ValueTask Run(Statement statement, CancellationToken stopped)
    {
        await using var wire = await open(stopped);
        await wire.Run(statement, stopped);
    }

    private static LeasedMessage Message(Row row) => new(
        row.Text(0), new(row.Long(1), row.Long(2)), row.Text(3), row.TextOrNull(4), row.Integer(5), row.Moment(6), row.Moment(7), row.Moment(8));
}
