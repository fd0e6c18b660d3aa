using Kalends.Appointments;
using Kalends.Audit;
using Kalends.Availability;
using Kalends.Operations;
using Kalends.Permissions;
using Kalends.Publications;
using Kalends.Queue;
using Kalends.Reminders;
using Kalends.Reminders.Push;
using Kalends.Schedules;
using Kalends.Webhooks;
using SQLitePCL;

namespace Kalends.Storage.Sqlite;

/// <summary>
/// One tenant's view of a connection in a transaction. Every statement begins with the tenant as its first parameter, bound here,
/// so that none can forget it. Reading and writing rows are one class each: on a reading session it is SQLite that refuses to write.
/// </summary>
internal abstract class SqliteSession(Connection connection, long tenant) : IReadSession
{
    /// <summary>What each capability asks for, and who answers: one line a capability.</summary>
    private static readonly Dictionary<Type, Func<SqliteSession, object>> Ports = new()
    {
        [typeof(ICalendarRows)] = session => new CalendarRows(session),
        [typeof(ICalendarWrites)] = session => new CalendarRows(session),
        [typeof(IAttendanceRows)] = session => new ExpandedAttendances(
            new AttendanceRows(session), new SeriesRows(session), new CalendarRows(session), session.Rows<IAppointmentRows>()),
        [typeof(IAvailabilityRows)] = session => new AvailabilityRows(session),
        [typeof(IAttendanceWrites)] = session => new AttendanceRows(session),
        [typeof(IAppointmentRows)] = session => new ExpandedAppointments(new AppointmentRows(session), new SeriesRows(session)),
        [typeof(IOpenHoursRows)] = session => new OpenHoursRows(session),
        [typeof(IOpenHoursWrites)] = session => new OpenHoursRows(session),
        [typeof(IAppointmentWrites)] = session => new AppointmentRows(session),
        [typeof(ISeriesRows)] = session => new SeriesRows(session),
        [typeof(ISeriesWrites)] = session => new SeriesRows(session),
        [typeof(IChangeRows)] = session => new ChangeRows(session),
        [typeof(ITrailWrites)] = session => new TrailRows(session),
        [typeof(ITrailRows)] = session => new HistoryRows(session),
        [typeof(ISealRows)] = session => new SealRows(session),
        [typeof(ISealWrites)] = session => new SealRows(session),
        [typeof(IEventRows)] = session => new EventRows(session),
        [typeof(IEngagementRows)] = session => new EngagementRows(session),
        [typeof(IEngagementWrites)] = session => new EngagementRows(session),
        [typeof(IErasureRows)] = session => new ErasureRows(session),
        [typeof(IErasureWrites)] = session => new ErasureRows(session),
        [typeof(IRetentionRows)] = session => new RetentionRows(session),
        [typeof(IRetentionWrites)] = session => new RetentionRows(session),
        [typeof(IIdempotencyRows)] = session => new IdempotencyRows(session),
        [typeof(IPublicationRows)] = session => new PublicationRows(session),
        [typeof(IQueueRows)] = session => new QueueRows(session),
        [typeof(IQueueWrites)] = session => new QueueRows(session),
        [typeof(IOperationRows)] = session => new OperationRows(session),
        [typeof(IOperationWrites)] = session => new OperationRows(session),
        [typeof(IReminderWatches)] = session => new ReminderRows(session),
        [typeof(IReminderRows)] = session => new ReminderRows(session),
        [typeof(IReminderWrites)] = session => new ReminderRows(session),
        [typeof(IPushRows)] = session => new PushRows(session),
        [typeof(IPushWrites)] = session => new PushRows(session),
        [typeof(IScheduleRows)] = session => new ScheduleRows(session),
        [typeof(IScheduleWrites)] = session => new ScheduleRows(session),
        [typeof(ISweepWrites)] = session => new SweepRows(session),
        [typeof(IRelationRows)] = session => new RelationRows(session),
        [typeof(IRelationWrites)] = session => new RelationRows(session),
        [typeof(IWebhookRows)] = session => new WebhookRows(session),
        [typeof(IWebhookWrites)] = session => new WebhookRows(session),
    };

    private const char PositionKind = 's';

    private bool over;

    public SentMessages Sent { get; } = new();

    public SealingKeys SealingKeys => Connection.SealingKeys;

    public bool IsOfReplica => false;

    /// <summary>The tenant's last trail number; a snapshot stays as it is, so it may be asked for at any time.</summary>
    protected Position Position => new(PositionKind, (ulong)TenantRows.Last(Connection, tenant));

    public ValueTask<Position> Reached() => ValueTask.FromResult(Position);

    public ValueTask<bool> Covers(Position position) => ValueTask.FromResult(position.IsWithin(Position));

    /// <summary>The connection while the transaction lasts; rows kept beyond it would read somebody else's.</summary>
    public Connection Connection => over ? throw new ObjectDisposedException(GetType().Name) : connection;

    public T Rows<T>()
        where T : class => (T)Ports[typeof(T)](this);

    /// <summary>A statement with the tenant bound as ?1.</summary>
    public Statement Prepare(string constantSql) => Connection.Prepare(constantSql).With(tenant);

    public ValueTask DisposeAsync()
    {
        if (!over)
        {
            over = true;
            End(connection);
        }

        return ValueTask.CompletedTask;
    }

    protected abstract void End(Connection connection);
}

internal sealed class SqliteReadSession : SqliteSession
{
    private readonly Readers readers;
    private readonly CancellationToken stopped;
    private readonly CancellationTokenRegistration interrupting;

    /// <param name="connection">In a transaction.</param>
    /// <param name="tenant">Whose rows.</param>
    /// <param name="readers">Who lent it.</param>
    /// <param name="stopped">Ends the statement that runs; what is asked after it fails at once.</param>
    public SqliteReadSession(Connection connection, long tenant, Readers readers, CancellationToken stopped)
        : base(connection, tenant)
    {
        (this.readers, this.stopped) = (readers, stopped);
        interrupting = stopped.UnsafeRegister(static handle => raw.sqlite3_interrupt((sqlite3)handle!), connection.Handle);
    }

    protected override void End(Connection connection)
    {
        // Waits for an interruption under way, which must not meet whoever is lent the connection next.
        interrupting.Dispose();
        if (stopped.IsCancellationRequested)
        {
            connection.Dispose();
        }
        else
        {
            readers.End(connection);
        }
    }
}

/// <summary>Disposing it undoes what was not committed and lets the next one write.</summary>
internal sealed class SqliteWriteSession(Connection connection, long tenant, WriterTurns turns, QueueBell? bell = null)
    : SqliteSession(connection, tenant), IWriteSession
{
    public async ValueTask<Position> Commit(CancellationToken stopped)
    {
        stopped.ThrowIfCancellationRequested();
        var position = Position;
        Connection.Commit();
        await DisposeAsync();
        Sent.Count();
        foreach (var queue in Sent.Ready)
        {
            bell?.Ring(queue);
        }

        return position;
    }

    protected override void End(Connection connection) => turns.End();
}
