using Kalends.Appointments;

namespace Kalends.Storage.Sqlite;

/// <summary>The change log, read along its order of sequence numbers.</summary>
internal sealed class ChangeRows(SqliteSession session) : IChangeRows
{
    private const string SinceSql = """
        SELECT seq, appointment, version, created_seq, deleted FROM calendar_change
        WHERE tenant = ?1 AND calendar = ?2 AND seq > ?3 ORDER BY seq LIMIT ?4
        """;

    public ValueTask<IReadOnlyList<ChangedAppointment>> Since(long calendar, long sequence, int limit)
    {
        var changes = new List<ChangedAppointment>();
        var rows = session.Prepare(SinceSql).With(calendar).With(sequence).With(limit);
        while (rows.Step())
        {
            changes.Add(new(rows.Long(0), rows.Guid(1), rows.Long(2), rows.Long(3), rows.Bool(4)));
        }

        return ValueTask.FromResult<IReadOnlyList<ChangedAppointment>>(changes);
    }

    public ValueTask<long> Last()
    {
        var row = session.Prepare("SELECT last FROM tenant WHERE key = ?1");
        return ValueTask.FromResult(row.Step() ? row.Long(0) : 0);
    }
}
