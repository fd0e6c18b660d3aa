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
using NodaTime;
using Npgsql;

namespace Kalends.Storage.Postgres;

/// <summary>
/// One tenant's view of a connection in a transaction. Every statement begins with the tenant as its first parameter, bound here, so that none
/// can forget it. What only writes is kept until something is asked or the transaction ends, and goes with it in one round trip.
/// </summary>
internal abstract class PostgresSession(Wire wire, long tenant, SealingKeys sealingKeys, CancellationToken stopped) : IReadSession
{
    /// <summary>What each capability asks for, and who answers: one line a capability.</summary>
    private static readonly Dictionary<Type, Func<PostgresSession, object>> Ports = new()
    {
        [typeof(ICalendarRows)] = session => new CalendarRows(session),
        [typeof(ICalendarWrites)] = session => new CalendarRows(session),
        [typeof(IAttendanceRows)] = session => new ExpandedAttendances(
            new AttendanceRows(session), new SeriesRows(session), new CalendarRows(session), session.Rows<IAppointmentRows>()),
        [typeof(IAvailabilityRows)] = session => new AvailabilityRows(session),
        [typeof(IAttendanceWrites)] = session => new AttendanceRows(session),
        [typeof(IAppointmentRows)] = session => new ExpandedAppointments(new AppointmentRows(session), new SeriesRows(session)),
        [typeof(IAppointmentWrites)] = session => new AppointmentRows(session),
        [typeof(IOpenHoursRows)] = session => new OpenHoursRows(session),
        [typeof(IOpenHoursWrites)] = session => new OpenHoursRows(session),
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

    private readonly List<Statement> later = [];
    private BegunTrail? begunTrail;
    private Task writing = Task.CompletedTask;
    private bool over;

    public SentMessages Sent { get; } = new();

    public SealingKeys SealingKeys => sealingKeys;

    public abstract bool IsWriting { get; }

    public abstract bool IsOfReplica { get; }

    public abstract ValueTask<Position> Reached();

    public abstract ValueTask<bool> Covers(Position position);

    /// <summary>What was asked with the first look of a query.</summary>
    public AskedAhead? Ahead { get; set; }

    /// <summary>How the tenant's relations stand; null until it was looked at.</summary>
    public RelationsState? Relations { get; set; }

    /// <summary>What was read and may have to be looked at again once it is locked.</summary>
    public ReadBefore ReadBefore { get; } = new();

    /// <summary>The versions of the calendars that are locked, by key, with what this session has added to them.</summary>
    public Dictionary<long, long> Versions { get; } = [];

    protected Wire Wire => over ? throw new ObjectDisposedException(GetType().Name) : wire;

    public T Rows<T>()
        where T : class => (T)Ports[typeof(T)](this);

    /// <summary>A statement with the tenant bound as $1.</summary>
    public Statement Prepare(string constantSql) => new Statement(constantSql).WithInteger(tenant);

    /// <summary>Runs these, after what waits.</summary>
    public ValueTask Run(params Statement[] statements) => Run(statements, stopped);

    protected async ValueTask Run(Statement[] statements, CancellationToken until)
    {
        await Written();
        Statement[] all = [.. Beginning(), .. later, .. statements];
        later.Clear();
        await Wire.Run(all, until);
    }

    /// <summary>What of a command's trail is written or being written.</summary>
    public BegunTrail BegunTrail(Guid command) => begunTrail?.Command == command ? begunTrail : begunTrail = new(command);

    /// <summary>Sends these, after what waits, and does not wait for the answer.</summary>
    protected async ValueTask Start(IEnumerable<Statement> statements)
    {
        await Written();
        Statement[] all = [.. Beginning(), .. later, .. statements];
        later.Clear();
        writing = all.Length == 0 ? Task.CompletedTask : Wire.Run(all, stopped).AsTask();
    }

    private Task Written()
    {
        var before = writing;
        writing = Task.CompletedTask;
        return before;
    }

    /// <summary>
    /// Runs these as a transaction of their own where none has begun: false then, since what is asked next is of another moment.
    /// </summary>
    public virtual async ValueTask<bool> RunAlone(params Statement[] statements)
    {
        await Run(statements);
        return true;
    }

    /// <summary>The rows that one statement answers; they count as read (<see cref="ReadBefore"/>).</summary>
    public async ValueTask<List<T>> All<T>(Statement statement, Func<Row, T> row)
    {
        var found = new List<T>();
        ReadBefore.Any = true;
        await Run(statement.Reading(at => found.Add(row(at))));
        return found;
    }

    /// <summary>True once a row was written, or is to be: a command that begins again must then begin with a transaction of its own.</summary>
    public bool HasWritten { get; set; }

    /// <summary>Writes it with whatever is asked next, or at the end.</summary>
    public void Later(Statement statement)
    {
        HasWritten = true;
        First(statement);
    }

    /// <summary>The calendars of a command that the database may have to put in order with another.</summary>
    public void Ask(IEnumerable<CalendarId> calendars) => Wire.Asked.UnionWith(calendars);

    /// <param name="isHeld">Whether all of them are locked now, and so stay as they are from here on.</param>
    public StoreChangedException Changed(bool isHeld) => new(Wire.Asked) { MayBeginAgain = isHeld && !HasWritten };

    /// <summary>What the first statements begin with, once.</summary>
    protected virtual IEnumerable<Statement> Beginning() => [];

    /// <summary>Asks it with whatever is asked next.</summary>
    public void First(Statement statement) => later.Add(statement);

    public async ValueTask DisposeAsync()
    {
        if (over)
        {
            return;
        }

        over = true;
        // Who gives up does not ask what came of it.
        await Written().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await End(wire);
    }

    protected virtual ValueTask End(Wire wire) => wire.DisposeAsync();
}

/// <summary>
/// What a write session has read since it began or last locked. Others may change it until it is locked: then the transaction that last changed
/// each calendar, if it was not over yet as this session looked first, and each series' horizon, tell whether somebody did.
/// </summary>
internal sealed class ReadBefore
{
    public bool Any { get; set; }

    /// <summary>The transactions that were over as the session began or last locked, as PostgreSQL writes a snapshot.</summary>
    public string Snapshot { get; set; } = "1:1:";

    public Dictionary<Guid, long> Horizons { get; } = [];

    public void BeginAnew(string snapshot)
    {
        (Snapshot, Any) = (snapshot, false);
        Horizons.Clear();
    }
}

/// <summary>
/// The database refuses writes on it, and shows it one moment: that of its first question, with which it begins unless
/// <paramref name="hasBegun"/>.
/// </summary>
internal sealed class PostgresReadSession(
    Wire wire, KnownTenant tenant, SealingKeys sealingKeys, Snapshot snapshot, bool hasBegun, CancellationToken stopped)
    : PostgresSession(wire, tenant.Key, sealingKeys, stopped)
{
    private readonly CancellationToken stopped = stopped;
    private bool hasBegun = hasBegun;

    public override bool IsWriting => false;

    public override bool IsOfReplica => snapshot.IsOfReplica;

    public override async ValueTask<Position> Reached()
    {
        if (snapshot.Reached is null)
        {
            await Run();
        }

        return snapshot.Reached!.Value;
    }

    public override async ValueTask<bool> Covers(Position position)
    {
        if (!snapshot.Covers(position) && !hasBegun)
        {
            await Run();
        }

        return snapshot.Covers(position)
            || (IsOfReplica ? throw new ReplicaFailedException("The replica has not come as far as what this goes on from.") : false);
    }

    public override async ValueTask<bool> RunAlone(params Statement[] statements)
    {
        if (hasBegun)
        {
            return await base.RunAlone(statements);
        }

        await Wire.Run([.. Opening(), .. statements, new(Wire.CommitSql)], stopped);
        return false;
    }

    protected override IEnumerable<Statement> Beginning()
    {
        if (hasBegun)
        {
            return [];
        }

        // What was known before is of an earlier moment.
        Ahead = null;
        hasBegun = true;
        return Opening();
    }

    /// <summary>There is nothing to undo, so nobody waits for the transaction's end; the connection is lent again after it.</summary>
    protected override ValueTask End(Wire wire)
    {
        _ = wire.DisposeAsync().AsTask();
        return ValueTask.CompletedTask;
    }

    private IEnumerable<Statement> Opening() =>
        [.. snapshot.Take(), .. tenant.MustBeNamed ? [RowSecurity.Name(tenant.Key)] : Array.Empty<Statement>(), RelationRows.Looking(this)];
}

/// <summary>Disposing it undoes what was not committed.</summary>
internal sealed class PostgresWriteSession(Wire wire, long tenant, SealingKeys sealingKeys, CancellationToken stopped)
    : PostgresSession(wire, tenant, sealingKeys, stopped), IWriteSession
{
    public const string SnapshotSql = "SELECT pg_current_snapshot()::text";

    public override bool IsWriting => true;

    public override bool IsOfReplica => false;

    public override ValueTask<Position> Reached() => throw new InvalidOperationException("what a writing session sees has no position before it commits");

    public override ValueTask<bool> Covers(Position position) => throw new InvalidOperationException("a writing session sees whatever is committed");

    /// <summary>Told what was sent, once it is committed.</summary>
    public QueueNotices? Notices { get; init; }

    /// <summary>Before anything else is read: which transactions are over.</summary>
    public void LookFirst()
    {
        First(new Statement(SnapshotSql).Reading(row => ReadBefore.Snapshot = row.Plain(0)));
        First(RelationRows.Looking(this));
    }

    public async ValueTask<bool> StartWriting(Guid command, Instant at, IReadOnlyList<Change> changes)
    {
        var statements = new TrailRows(this).Beginning(command, at, changes);
        await Start(statements ?? []);
        return statements is not null;
    }

    public ValueTask<Position> Commit(CancellationToken stopped)
    {
        stopped.ThrowIfCancellationRequested();
        return End([]);
    }

    public async ValueTask<Position> Commit(
        CommandRecord command, IReadOnlyList<Change> changes, IReadOnlyCollection<long> touched, CancellationToken stopped)
    {
        stopped.ThrowIfCancellationRequested();
        return await End(await new TrailRows(this).Appending(command, changes, touched, _ => { }));
    }

    /// <summary>
    /// What ends with a commit. Nobody's impatience ends it, so that whoever asked is told what came of it; the database's own timeouts do.
    /// </summary>
    private async ValueTask<Position> End(Statement[] statements)
    {
        Position? position = null;
        Statement[] ending = [new(Wire.CommitSql), LogPlaces.Answered(now => position = now)];
        try
        {
            await Run([.. statements, .. ending], CancellationToken.None);
        }
        catch (PostgresException fault) when (fault.SqlState == PostgresErrorCodes.DivisionByZero)
        {
            throw new LeaseLostException("The lease of the message is no longer in force.", fault);
        }
        catch (StoreUnavailableException fault) when (Faults.LeavesOpen(fault.InnerException, ending[0].Command, ending[1].Command))
        {
            throw new StoreUnavailableException(
                "The database was lost while it committed, and may have kept this or not: look before you send it again, or send it with an Idempotency-Key.",
                fault);
        }

        await DisposeAsync();
        Sent.Count();
        if (Sent.Ready.Count > 0)
        {
            Notices?.Tell(Sent.Ready);
        }

        return position!.Value;
    }
}
