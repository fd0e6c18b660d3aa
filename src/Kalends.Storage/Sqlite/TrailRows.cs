using System.Globalization;

namespace Kalends.Storage.Sqlite;

/// <summary>
/// What a command leaves behind, written with it: the command, an entry a change, the change log and version of each
/// calendar, the outbox. Sequence numbers are given here, in the order of commits.
/// </summary>
internal sealed class TrailRows(SqliteSession session) : ITrailWrites
{
    private const string CommandSql = """
        INSERT INTO command (tenant, id, at, person, app, name, request_id, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
        """;

    private const string EntrySql = """
        INSERT INTO trail (tenant, command, appointment, kind, version, before, after, series) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
        """;

    // A row that is there keeps when it was created, unless what it stands for begins anew (?6). One that comes with a modification is an
    // occurrence that was there before, as its series'.
    private const string CalendarChangeSql = """
        INSERT INTO calendar_change (tenant, calendar, appointment, seq, version, created_seq, deleted)
        VALUES (?1, ?2, ?3, ?4, ?5, CASE WHEN ?6 THEN ?4 ELSE 0 END, ?7)
        ON CONFLICT (tenant, calendar, appointment) DO UPDATE SET
            seq = ?4, version = ?5, created_seq = CASE WHEN ?6 OR (deleted AND NOT ?7) THEN ?4 ELSE created_seq END, deleted = ?7
        """;

    private const string OutboxSql =
        "INSERT INTO outbox (tenant, trail, id, type, subject, time, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

    private const string CalendarVersionSql = "UPDATE calendar SET version = ?3 WHERE tenant = ?1 AND key = ?2";

    private const string LastSql = "UPDATE tenant SET last = ?2 WHERE key = ?1";

    public ValueTask<long> Append(CommandRecord command, IReadOnlyList<Change> changes, IReadOnlyCollection<long> touched)
    {
        session.Prepare(CommandSql).With(command.Id).With(command.At.ToUnixTimeSeconds()).With(command.Person.Value)
            .With(command.App).With(command.Name).With(command.RequestId).WithJson(command.Data).Run();
        var last = 0L;
        var versions = new Dictionary<long, long>();
        foreach (var change in changes)
        {
            last = Append(command, change);
            foreach (var calendar in change.Calendars)
            {
                Log(calendar, change, last);
                versions[calendar.Calendar] = last;
            }
        }

        if (changes.Count == 0)
        {
            session.Prepare(EntrySql).With(command.Id).WithNull().WithNull().WithNull().WithNull().WithNull().WithNull().Run();
            last = session.Connection.LastRowId;
        }

        foreach (var calendar in touched)
        {
            versions[calendar] = last;
        }

        foreach (var (calendar, version) in versions)
        {
            session.Prepare(CalendarVersionSql).With(calendar).With(version).Run();
        }

        session.Prepare(LastSql).With(last).Run();
        return ValueTask.FromResult(last);
    }

    /// <summary>The trail entry and its publication; the answer is the entry's sequence number.</summary>
    private long Append(CommandRecord command, Change change)
    {
        session.Prepare(EntrySql).With(command.Id).With(change.Appointment).With(Stored(change.Kind)).With(change.Version)
            .WithJson(change.Before).WithJson(change.After).With(change.Series).Run();
        var sequence = session.Connection.LastRowId;
        var published = change.Publication;
        var id = Guid.CreateVersion7(command.At.ToDateTimeOffset()).ToString("D", CultureInfo.InvariantCulture);
        session.Prepare(OutboxSql).With(sequence).With(id).With(published.Type).With(published.Subject)
            .With(command.At.ToUnixTimeSeconds()).WithJson(published.Data).Run();
        return sequence;
    }

    private void Log(CalendarChange calendar, Change change, long sequence) =>
        session.Prepare(CalendarChangeSql).With(calendar.Calendar).With(change.Appointment).With(sequence).With(change.Version)
            .With(calendar.Kind == ChangeKind.Created).With(calendar.Kind == ChangeKind.Deleted).Run();

    private static string Stored(ChangeKind kind) => kind switch
    {
        ChangeKind.Created => "created",
        ChangeKind.Modified => "modified",
        _ => "deleted",
    };
}
