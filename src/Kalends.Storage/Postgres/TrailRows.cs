using System.Globalization;
using NodaTime;

namespace Kalends.Storage.Postgres;

/// <summary>
/// What a command leaves behind, written with it in one round trip: the command, an entry a change, the change log and version of each calendar,
/// the outbox. Versions are given here, under the locks of their calendars; nothing is waited for that belongs to a whole tenant.
/// </summary>
internal sealed class TrailRows(PostgresSession session) : ITrailWrites
{
    private const string VersionsSql = "SELECT key, version FROM calendar WHERE tenant = $1 AND key = ANY ($2) ORDER BY key FOR NO KEY UPDATE";

    private const string CommandSql = """
        INSERT INTO command (tenant, id, at, person, app, name, request_id, data) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """;

    // Arrays in an array would be one of two dimensions, so those of each entry come as text.
    private const string EntriesSql = """
        WITH entry AS (
            INSERT INTO trail (tenant, at, command, event, appointment, series, kind, version, before, after, calendars, versions)
            SELECT $1, $2, $3, n.event, n.appointment, n.series, n.kind, n.version, n.before, n.after, n.calendars::integer[], n.versions::bigint[]
            FROM unnest($4, $5, $6, $7, $8, $9, $10, $11, $12) WITH ORDINALITY
                n (event, appointment, series, kind, version, before, after, calendars, versions, place)
            ORDER BY n.place
            RETURNING seq)
        SELECT max(seq) FROM entry
        """;

    private const string OutboxSql = """
        INSERT INTO outbox (tenant, time, id, type, subject, data)
        SELECT $1, $2, n.id, n.type, n.subject, n.data FROM unnest($3, $4, $5, $6) WITH ORDINALITY n (id, type, subject, data, place) ORDER BY n.place
        """;

    private const string CalendarChangesBase = """
        INSERT INTO calendar_change AS g (tenant, calendar, appointment, calendar_version, version, created_with, deleted)
        SELECT $1, n.calendar, n.appointment, n.calendar_version, n.version, CASE WHEN n.created THEN n.calendar_version ELSE 0 END, n.deleted
        FROM unnest($2, $3, $4, $5, $6, $7) n (calendar, appointment, calendar_version, version, created, deleted)
        """;

    // A row that is there keeps when it was created, unless what it stands for begins anew. One that comes with a modification is an
    // occurrence that was there before, as its series'.
    private const string CalendarChangesSql = $"""
        {CalendarChangesBase}
        ON CONFLICT (tenant, calendar, appointment) DO UPDATE SET calendar_version = excluded.calendar_version, version = excluded.version,
            deleted = excluded.deleted, created_with = CASE WHEN excluded.created_with > 0 OR (g.deleted AND NOT excluded.deleted)
                THEN excluded.calendar_version ELSE g.created_with END
        """;

    private const string CalendarVersionsSql = $"""
        UPDATE calendar c SET version = n.version, changed_in = pg_current_xact_id() FROM unnest({Unseen.Second}, $3) n (calendar, version)
        WHERE c.tenant = $1 AND c.key = n.calendar
        """;

    public async ValueTask<long> Append(CommandRecord command, IReadOnlyList<Change> changes, IReadOnlyCollection<long> touched)
    {
        var last = 0L;
        await session.Run(await Appending(command, changes, touched, given => last = given));
        return last;
    }

    /// <summary>The statements of it, for who has more to say in the same round trip.</summary>
    public async ValueTask<Statement[]> Appending(
        CommandRecord command, IReadOnlyList<Change> changes, IReadOnlyCollection<long> touched, Action<long> given)
    {
        var begun = session.BegunTrail(command.Id);
        await Lock([.. CalendarVersions.Of(changes, touched).Where(calendar => !session.Versions.ContainsKey(calendar))]);
        var versions = CalendarVersions.Give(changes, touched, session.Versions, begun.Calendars);
        List<Statement> statements =
        [
            session.Prepare(CommandSql).With(command.Id).WithTime(command.At.ToUnixTimeSeconds()).With(command.Person.Value)
                .With(command.App).With(command.Name).With(command.RequestId).WithJson(command.Data),
        ];
        if (changes.Count > 0)
        {
            statements.AddRange(Of(command.Id, command.At, changes, versions, given));
        }
        else if (begun.Appointments.Count == 0 || versions[^1].Count > 0)
        {
            statements.Add(NoChange(command, versions, given));
        }

        if (begun.Calendars.Count > 0)
        {
            List<long> calendars = [.. begun.Calendars];
            statements.Add(session.Prepare(CalendarVersionsSql).WithKeys(calendars).WithAll(calendars.Select(calendar => session.Versions[calendar])));
        }

        return [.. statements];
    }

    /// <summary>
    /// The first of a command's changes, ahead of <see cref="Appending"/>, which is given the rest. Null where calendars of theirs are not locked: all of
    /// a command's are to be in one order.
    /// </summary>
    public IReadOnlyList<Statement>? Beginning(Guid command, Instant at, IReadOnlyList<Change> changes) => changes.Count == 0
        || !CalendarVersions.Of(changes, []).All(session.Versions.ContainsKey)
            ? null
            : [.. Of(command, at, changes, CalendarVersions.Give(changes, [], session.Versions, session.BegunTrail(command).Calendars), _ => { })];

    private IEnumerable<Statement> Of(
        Guid command, Instant at, IReadOnlyList<Change> changes, IReadOnlyList<IReadOnlyList<(long, long)>> versions, Action<long> given)
    {
        List<Guid> events = [.. changes.Select(_ => Guid.CreateVersion7(at.ToDateTimeOffset()))];
        var entries = Entries(command, at, changes, events, versions, given);
        return [entries, Outbox(at, changes, events), .. CalendarChanges(session.BegunTrail(command), changes, versions)];
    }

    /// <summary>For who has not locked them by name.</summary>
    private async ValueTask Lock(IReadOnlyCollection<long> calendars)
    {
        if (calendars.Count > 0)
        {
            foreach (var (key, version) in await session.All(session.Prepare(VersionsSql).WithKeys(calendars), row => (row.Integer(0), row.Long(1))))
            {
                session.Versions[key] = version;
            }
        }
    }

    private Statement Entries(
        Guid command, Instant at, IReadOnlyList<Change> changes, List<Guid> events, IReadOnlyList<IReadOnlyList<(long, long)>> versions,
        Action<long> given) =>
        Entry(command, at, given)
            .WithAll(events.Select(id => (Guid?)id))
            .WithAll(changes.Select(change => (Guid?)change.Appointment)).WithAll(changes.Select(change => change.Series))
            .WithAll(changes.Select(change => Stored(change.Kind))).WithAll(changes.Select(change => (long?)change.Version))
            .WithJsons(changes.Select(change => change.Before)).WithJsons(changes.Select(change => change.After))
            .WithAll(versions.Select(Calendars)).WithAll(versions.Select(Versions));

    private Statement NoChange(CommandRecord command, IReadOnlyList<IReadOnlyList<(long, long)>> versions, Action<long> given) =>
        Entry(command.Id, command.At, given)
        .WithAll([(Guid?)null]).WithAll([(Guid?)null]).WithAll([(Guid?)null]).WithAll([(string?)null]).WithAll([(long?)null]).WithJsons([null])
        .WithJsons([null]).WithAll(versions.Select(Calendars)).WithAll(versions.Select(Versions));

    private Statement Entry(Guid command, Instant at, Action<long> given) => session.Prepare(EntriesSql)
        .WithTime(at.ToUnixTimeSeconds()).With(command).Reading(row => given(row.Long(0)));

    private Statement Outbox(Instant at, IReadOnlyList<Change> changes, List<Guid> events) => session.Prepare(OutboxSql)
        .WithTime(at.ToUnixTimeSeconds()).WithAll(events)
        .WithAll(changes.Select(change => change.Publication.Type)).WithAll(changes.Select(change => change.Publication.Subject))
        .WithJsons(changes.Select(change => change.Publication.Data));

    /// <summary>
    /// One statement can change a row once, so what one command did twice to an appointment goes in as many statements. In the order of the index,
    /// so that rows that lie beside each other are written one after the other. Looking first whether there is a row already takes a third of the time, so that
    /// is left out where there can be none.
    /// </summary>
    private IEnumerable<Statement> CalendarChanges(
        BegunTrail begun, IReadOnlyList<Change> changes, IReadOnlyList<IReadOnlyList<(long Calendar, long Version)>> versions)
    {
        var (seen, before) = (new Dictionary<(long, Guid), int>(), begun.Appointments.ToHashSet());
        begun.Appointments.UnionWith(changes.Select(change => change.Appointment));
        return changes.Zip(versions).SelectMany(pair => pair.First.Calendars.Zip(pair.Second, (calendar, given) => (calendar, pair.First, given.Version)))
            .GroupBy(one =>
            {
                var turn = seen[(one.calendar.Calendar, one.First.Appointment)] = seen.GetValueOrDefault((one.calendar.Calendar, one.First.Appointment)) + 1;
                return (Number: turn, IsFirst: turn == 1 && one.First.HasNewId && !before.Contains(one.First.Appointment));
            })
            .OrderBy(turn => turn.Key.Number)
            .Select(turn =>
            {
                List<(CalendarChange Calendar, Change Change, long Version)> rows = [.. turn.OrderBy(one => one.calendar.Calendar)];
                return session.Prepare(turn.Key.IsFirst ? CalendarChangesBase : CalendarChangesSql)
                    .WithKeys(rows.Select(one => one.Calendar.Calendar)).WithAll(rows.Select(one => one.Change.Appointment))
                    .WithAll(rows.Select(one => one.Version))
                    .WithAll(rows.Select(one => one.Change.Version)).WithAll(rows.Select(one => one.Calendar.Kind == ChangeKind.Created))
                    .WithAll(rows.Select(one => one.Calendar.Kind == ChangeKind.Deleted));
            });
    }

    private static string Calendars(IReadOnlyList<(long Calendar, long Version)> given) => $"{{{string.Join(',', given.Select(one => Text(one.Calendar)))}}}";

    private static string Versions(IReadOnlyList<(long Calendar, long Version)> given) => $"{{{string.Join(',', given.Select(one => Text(one.Version)))}}}";

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Stored(ChangeKind kind) => kind switch
    {
        ChangeKind.Created => "created",
        ChangeKind.Modified => "modified",
        _ => "deleted",
    };
}

/// <summary>How far the trail of a command is that is written in parts.</summary>
internal sealed class BegunTrail(Guid command)
{
    public Guid Command => command;

    /// <summary>Keys of the calendars that got versions.</summary>
    public HashSet<long> Calendars { get; } = [];

    public HashSet<Guid> Appointments { get; } = [];
}
