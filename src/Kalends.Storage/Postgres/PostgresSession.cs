using Kalends.Appointments;
using Kalends.Availability;

namespace Kalends.Storage.Postgres;

/// <summary>
/// One tenant's view of a connection in a transaction. Every statement begins with the tenant as its first parameter, bound here, so that none
/// can forget it. What only writes is kept until something is asked or the transaction ends, and goes with it in one round trip.
/// </summary>
internal abstract class PostgresSession(Wire wire, TenantPlace tenant, byte[] sealingKey, CancellationToken stopped) : IReadSession
{
    /// <summary>What each capability asks for, and who answers: one line a capability.</summary>
    private static readonly Dictionary<Type, Func<PostgresSession, object>> Ports = new()
    {
        [typeof(ICalendarRows)] = session => new CalendarRows(session),
        [typeof(ICalendarWrites)] = session => new CalendarRows(session),
        [typeof(IAttendanceRows)] = session => new ExpandedAttendances(
            new AttendanceRows(session), new SeriesRows(session), new CalendarRows(session), session.Rows<IAppointmentRows>()),
        [typeof(IAttendanceWrites)] = session => new AttendanceRows(session),
        [typeof(IAppointmentRows)] = session => new ExpandedAppointments(new AppointmentRows(session), new SeriesRows(session)),
        [typeof(IAppointmentWrites)] = session => new AppointmentRows(session),
        [typeof(IOpenHoursRows)] = session => new OpenHoursRows(session),
        [typeof(IOpenHoursWrites)] = session => new OpenHoursRows(session),
        [typeof(ISeriesRows)] = session => new SeriesRows(session),
        [typeof(ISeriesWrites)] = session => new SeriesRows(session),
        [typeof(IChangeRows)] = session => new ChangeRows(session),
        [typeof(ITrailWrites)] = session => new TrailRows(session),
        [typeof(IIdempotencyRows)] = session => new IdempotencyRows(session),
    };

    private readonly List<Statement> later = [];
    private bool over;

    public ReadOnlyMemory<byte> SealingKey => sealingKey;

    public abstract bool IsWriting { get; }

    /// <summary>What was read and may have to be looked at again once it is locked.</summary>
    public ReadBefore ReadBefore { get; } = new(tenant.Last);

    protected Wire Wire => over ? throw new ObjectDisposedException(GetType().Name) : wire;

    public T Rows<T>()
        where T : class => (T)Ports[typeof(T)](this);

    /// <summary>A statement with the tenant bound as $1.</summary>
    public Statement Prepare(string constantSql) => new Statement(constantSql).WithInteger(tenant.Key);

    /// <summary>Runs these, after what waits.</summary>
    public async ValueTask Run(params Statement[] statements)
    {
        Statement[] all = [.. later, .. statements];
        later.Clear();
        await Wire.Run(all, stopped);
    }

    /// <summary>The rows that one statement answers; they count as read (<see cref="ReadBefore"/>).</summary>
    public async ValueTask<List<T>> All<T>(Statement statement, Func<Row, T> row)
    {
        var found = new List<T>();
        ReadBefore.Any = true;
        await Run(statement.Reading(at => found.Add(row(at))));
        return found;
    }

    /// <summary>Writes it with whatever is asked next, or at the end.</summary>
    public void Later(Statement statement) => later.Add(statement);

    /// <summary>The calendars of a command that the database may have to put in order with another.</summary>
    public void Ask(IEnumerable<CalendarId> calendars) => Wire.Asked.UnionWith(calendars);

    public StoreChangedException Changed() => new(Wire.Asked);

    public async ValueTask DisposeAsync()
    {
        if (!over)
        {
            over = true;
            await wire.DisposeAsync();
        }
    }
}

/// <summary>
/// What a write session has read since it began or last locked. Others may change it until it is locked: then each calendar's version, and each
/// series' horizon, tell whether somebody did. Numbers are given in the order of commits, so a calendar whose version is not above the
/// tenant's last number of back then has not changed since.
/// </summary>
internal sealed class ReadBefore(long last)
{
    public bool Any { get; set; }

    public long Last { get; set; } = last;

    public Dictionary<Guid, long> Horizons { get; } = [];

    public void BeginAnew(long last)
    {
        (Last, Any) = (last, false);
        Horizons.Clear();
    }
}

/// <summary>The database refuses writes on it, and shows it one moment.</summary>
internal sealed class PostgresReadSession(Wire wire, TenantPlace tenant, byte[] sealingKey, CancellationToken stopped)
    : PostgresSession(wire, tenant, sealingKey, stopped)
{
    public override bool IsWriting => false;
}

/// <summary>Disposing it undoes what was not committed.</summary>
internal sealed class PostgresWriteSession(Wire wire, TenantPlace tenant, byte[] sealingKey, CancellationToken stopped)
    : PostgresSession(wire, tenant, sealingKey, stopped), IWriteSession
{
    private const string CommitSql = "COMMIT";

    public override bool IsWriting => true;

    public async ValueTask Commit(CancellationToken stopped)
    {
        stopped.ThrowIfCancellationRequested();
        await End(new Statement(CommitSql));
    }

    public async ValueTask<long> Commit(
        CommandRecord command, IReadOnlyList<Change> changes, IReadOnlyCollection<long> touched, CancellationToken stopped)
    {
        stopped.ThrowIfCancellationRequested();
        var last = 0L;
        await End([.. new TrailRows(this).Appending(command, changes, touched, given => last = given), new(CommitSql)]);
        return last;
    }

    private async ValueTask End(params Statement[] statements)
    {
        try
        {
            await Run(statements);
        }
        catch (StoreUnavailableException fault) when (fault.InnerException is not Npgsql.PostgresException)
        {
            throw new StoreUnavailableException(
                "The database was lost while it committed, and may have kept this or not: look before you send it again, or send it with an Idempotency-Key.",
                fault);
        }

        await DisposeAsync();
    }
}
