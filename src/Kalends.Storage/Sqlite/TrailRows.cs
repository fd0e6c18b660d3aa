using System.Globalization;
using System.Text.Json;

namespace Kalends.Storage.Sqlite;

/// <summary>
/// What a command leaves behind, written with it: the command, an entry a change, the change log and version of each
/// calendar, the outbox. The trail's numbers and the versions of calendars are given here, in the order of commits.
/// </summary>
internal sealed class TrailRows(SqliteSession session) : ITrailWrites
{
    private const string CommandSql = """
        INSERT INTO command (tenant, id, at, person, app, name, request_id, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
        """;

    private const string EntrySql = """
        INSERT INTO trail (tenant, command, versions, appointment, kind, version, before, after, series)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
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

    private const string FindVersionSql = "SELECT version FROM calendar WHERE tenant = ?1 AND key = ?2";

    private const string CalendarVersionSql = "UPDATE calendar SET version = ?3 WHERE tenant = ?1 AND key = ?2";

    private const string LastSql = "UPDATE tenant SET last = ?2 WHERE key = ?1";

    public ValueTask<long> Append(CommandRecord command, IReadOnlyList<Change> changes, IReadOnlyCollection<long> touched)
    {
        session.Prepare(CommandSql).With(command.Id).With(command.At.ToUnixTimeSeconds()).With(command.Person.Value)
            .With(command.App).With(command.Name).With(command.RequestId).WithJson(command.Data).Run();
        var versions = CalendarVersions.Of(changes, touched).ToDictionary(calendar => calendar, Version);
        var given = CalendarVersions.Give(changes, touched, versions, []);
        var last = 0L;
        foreach (var (change, places) in changes.Zip(given))
        {
            last = Append(command, change, places);
            Log(change, places);
        }

        if (changes.Count == 0)
        {
            session.Prepare(EntrySql).With(command.Id).WithJson(Json(given[0])).WithNull().WithNull().WithNull().WithNull().WithNull().WithNull().Run();
            last = session.Connection.LastRowId;
        }

        foreach (var (calendar, version) in versions)
        {
            session.Prepare(CalendarVersionSql).With(calendar).With(version).Run();
        }

        session.Prepare(LastSql).With(last).Run();
        return ValueTask.FromResult(last);
    }

    /// <summary>{"key": version}</summary>
    public static byte[] Json(IEnumerable<(long Calendar, long Version)> versions) => JsonSerializer.SerializeToUtf8Bytes(
        versions.ToDictionary(pair => pair.Calendar.ToString(CultureInfo.InvariantCulture), pair => pair.Version));

    private long Version(long calendar)
    {
        var row = session.Prepare(FindVersionSql).With(calendar);
        return row.Step() ? row.Long(0) : throw new InvalidOperationException($"a change lies on a calendar that is not there: {calendar}");
    }

    /// <summary>The trail entry and its publication; the answer is the entry's number.</summary>
    private long Append(CommandRecord command, Change change, IReadOnlyList<(long Calendar, long Version)> versions)
    {
        session.Prepare(EntrySql).With(command.Id).WithJson(Json(versions)).With(change.Appointment).With(Stored(change.Kind)).With(change.Version)
            .WithJson(change.Before).WithJson(change.After).With(change.Series).Run();
        var sequence = session.Connection.LastRowId;
        var published = change.Publication;
        var id = Guid.CreateVersion7(command.At.ToDateTimeOffset()).ToString("D", CultureInfo.InvariantCulture);
        session.Prepare(OutboxSql).With(sequence).With(id).With(published.Type).With(published.Subject)
            .With(command.At.ToUnixTimeSeconds()).WithJson(published.Data).Run();
        return sequence;
    }

    /// <summary>The versions of a change begin with those of its own calendars, in their order.</summary>
    private void Log(Change change, IReadOnlyList<(long Calendar, long Version)> versions)
    {
        foreach (var (calendar, (_, version)) in change.Calendars.Zip(versions))
        {
            session.Prepare(CalendarChangeSql).With(calendar.Calendar).With(change.Appointment).With(version).With(change.Version)
                .With(calendar.Kind == ChangeKind.Created).With(calendar.Kind == ChangeKind.Deleted).Run();
        }
    }

    private static string Stored(ChangeKind kind) => kind switch
    {
        ChangeKind.Created => "created",
        ChangeKind.Modified => "modified",
        _ => "deleted",
    };
}
