using System.Globalization;

namespace Kalends.Storage.Postgres;

/// <summary>
/// What a command leaves behind, written with it in one round trip: the command, an entry a change, the change log and version of each calendar,
/// the outbox. Numbers are taken here, at the end: the row they come from stays locked until the commit, so that they are in the order of
/// commits and a reader who has seen one has seen all before it. Before that row stands a lock that costs less to wait for.
/// </summary>
internal sealed class TrailRows(PostgresSession session) : ITrailWrites
{
    // Those who wait for a changed row are woken one after the other, look at the row anew and may have to wait again; half as many commits a second.
    private const string TurnSql = "SELECT pg_advisory_xact_lock($1::bigint)";

    private const string TakeSql = "UPDATE tenant_sequence SET last = last + $2 WHERE tenant = $1";

    private const string LastSql = "SELECT last FROM tenant_sequence WHERE tenant = $1";

    private const string CommandSql = """
        INSERT INTO command (tenant, id, at, person, app, name, request_id, data) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """;

    // Places count from 1; $2 is how many numbers were taken.
    private const string EntriesSql = """
        INSERT INTO trail (tenant, seq, command, appointment, series, kind, version, before, after)
        SELECT $1, s.last - $2 + n.place, $3, n.appointment, n.series, n.kind, n.version, n.before, n.after
        FROM tenant_sequence s, unnest($4, $5, $6, $7, $8, $9) WITH ORDINALITY n (appointment, series, kind, version, before, after, place)
        WHERE s.tenant = $1
        """;

    private const string OutboxSql = """
        INSERT INTO outbox (tenant, trail, id, type, subject, time, data)
        SELECT $1, s.last - $2 + n.place, n.id, n.type, n.subject, $3, n.data
        FROM tenant_sequence s, unnest($4, $5, $6, $7) WITH ORDINALITY n (id, type, subject, data, place)
        WHERE s.tenant = $1 ORDER BY n.place
        """;

    // A row that is there keeps when it was created, unless what it stands for begins anew. One that comes with a modification is an
    // occurrence that was there before, as its series'.
    private const string CalendarChangesSql = """
        INSERT INTO calendar_change AS g (tenant, calendar, appointment, seq, version, created_seq, deleted)
        SELECT $1, n.calendar, n.appointment, s.last - $2 + n.place, n.version, CASE WHEN n.created THEN s.last - $2 + n.place ELSE 0 END, n.deleted
        FROM tenant_sequence s, unnest($3, $4, $5, $6, $7, $8) n (calendar, appointment, place, version, created, deleted)
        WHERE s.tenant = $1
        ON CONFLICT (tenant, calendar, appointment) DO UPDATE SET seq = excluded.seq, version = excluded.version, deleted = excluded.deleted,
            created_seq = CASE WHEN excluded.created_seq > 0 OR (g.deleted AND NOT excluded.deleted) THEN excluded.seq ELSE g.created_seq END
        """;

    private const string CalendarVersionsSql = """
        UPDATE calendar c SET version = s.last - $2 + n.place FROM tenant_sequence s, unnest($3, $4) n (calendar, place)
        WHERE s.tenant = $1 AND c.tenant = $1 AND c.key = n.calendar
        """;

    public async ValueTask<long> Append(CommandRecord command, IReadOnlyList<Change> changes, IReadOnlyCollection<long> touched)
    {
        var last = 0L;
        await session.Run(Appending(command, changes, touched, given => last = given));
        return last;
    }

    /// <summary>The statements of it, for who has more to say in the same round trip.</summary>
    public Statement[] Appending(CommandRecord command, IReadOnlyList<Change> changes, IReadOnlyCollection<long> touched, Action<long> given)
    {
        var numbers = Math.Max(1, changes.Count);
        List<Statement> statements =
        [
            session.Prepare(CommandSql).With(command.Id).WithTime(command.At.ToUnixTimeSeconds()).With(command.Person.Value)
                .With(command.App).With(command.Name).With(command.RequestId).WithJson(command.Data),
            session.Prepare(TurnSql).Reading(_ => { }),
            session.Prepare(TakeSql).With(numbers),
            changes.Count > 0 ? Entries(command, changes) : NoChange(command),
        ];
        if (changes.Count > 0)
        {
            statements.Add(Outbox(command, changes));
            statements.AddRange(CalendarChanges(changes));
        }

        var versions = Versions(changes, touched, numbers);
        if (versions.Count > 0)
        {
            statements.Add(session.Prepare(CalendarVersionsSql).With(numbers).WithKeys(versions.Keys).WithAll(versions.Values));
        }

        return [.. statements, session.Prepare(LastSql).Reading(row => given(row.Long(0)))];
    }

    private Statement Entries(CommandRecord command, IReadOnlyList<Change> changes) => session.Prepare(EntriesSql)
        .With(changes.Count).With(command.Id).WithAll(changes.Select(change => (Guid?)change.Appointment)).WithAll(changes.Select(change => change.Series))
        .WithAll(changes.Select(change => Stored(change.Kind))).WithAll(changes.Select(change => (long?)change.Version))
        .WithJsons(changes.Select(change => change.Before)).WithJsons(changes.Select(change => change.After));

    private Statement NoChange(CommandRecord command) => session.Prepare(EntriesSql).With(1).With(command.Id)
        .WithAll([(Guid?)null]).WithAll([(Guid?)null]).WithAll([(string?)null]).WithAll([(long?)null]).WithJsons([null]).WithJsons([null]);

    private Statement Outbox(CommandRecord command, IReadOnlyList<Change> changes)
    {
        var at = command.At.ToDateTimeOffset();
        return session.Prepare(OutboxSql).With(changes.Count).WithTime(command.At.ToUnixTimeSeconds())
            .WithAll(changes.Select(_ => Guid.CreateVersion7(at).ToString("D", CultureInfo.InvariantCulture)))
            .WithAll(changes.Select(change => change.Publication.Type)).WithAll(changes.Select(change => change.Publication.Subject))
            .WithJsons(changes.Select(change => change.Publication.Data));
    }

    /// <summary>One statement can change a row once, so what one command did twice to an appointment goes in as many statements.</summary>
    private IEnumerable<Statement> CalendarChanges(IReadOnlyList<Change> changes)
    {
        var seen = new Dictionary<(long, Guid), int>();
        return changes.SelectMany((change, index) => change.Calendars.Select(calendar => (calendar, change, Place: index + 1L)))
            .GroupBy(one => seen[(one.calendar.Calendar, one.change.Appointment)] = seen.GetValueOrDefault((one.calendar.Calendar, one.change.Appointment)) + 1)
            .OrderBy(turn => turn.Key)
            .Select(turn => session.Prepare(CalendarChangesSql).With(changes.Count)
                .WithKeys(turn.Select(one => one.calendar.Calendar)).WithAll(turn.Select(one => one.change.Appointment)).WithAll(turn.Select(one => one.Place))
                .WithAll(turn.Select(one => one.change.Version)).WithAll(turn.Select(one => one.calendar.Kind == ChangeKind.Created))
                .WithAll(turn.Select(one => one.calendar.Kind == ChangeKind.Deleted)));
    }

    /// <summary>The place of the last change of each calendar.</summary>
    private static Dictionary<long, long> Versions(IReadOnlyList<Change> changes, IReadOnlyCollection<long> touched, int numbers)
    {
        var versions = new Dictionary<long, long>();
        for (var index = 0; index < changes.Count; index++)
        {
            foreach (var calendar in changes[index].Calendars)
            {
                versions[calendar.Calendar] = index + 1;
            }
        }

        foreach (var calendar in touched)
        {
            versions[calendar] = numbers;
        }

        return versions;
    }

    private static string Stored(ChangeKind kind) => kind switch
    {
        ChangeKind.Created => "created",
        ChangeKind.Modified => "modified",
        _ => "deleted",
    };
}
