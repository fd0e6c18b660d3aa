using Kalends.Appointments;

namespace Kalends.Storage.Sqlite;

/// <summary>The change log, read along its order of sequence numbers.</summary>
internal sealed class ChangeRows(SqliteSession session) : IChangeRows
{
    private const string SinceSql = """
        SELECT seq, appointment, version, created_seq, deleted FROM calendar_change
        WHERE tenant = ?1 AND calendar = ?2 AND seq > ?3 ORDER BY seq LIMIT ?4
        """;

    private const string AsOfSql = "SELECT before FROM trail WHERE tenant = ?1 AND appointment = ?2 AND seq > ?3 ORDER BY seq LIMIT 1";

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

    /// <summary>The first change after the moment knows what was there at the moment.</summary>
    public ValueTask<IReadOnlyDictionary<Guid, byte[]>> AsOf(IReadOnlyCollection<Guid> appointments, long sequence)
    {
        var found = new Dictionary<Guid, byte[]>(appointments.Count);
        foreach (var appointment in appointments)
        {
            var row = session.Prepare(AsOfSql).With(appointment).With(sequence);
            if (row.Step() && !row.IsNull(0))
            {
                found[appointment] = row.Bytes(0);
            }
        }

        return ValueTask.FromResult<IReadOnlyDictionary<Guid, byte[]>>(found);
    }

    public ValueTask<long> Last()
    {
        var row = session.Prepare("SELECT last FROM tenant WHERE key = ?1");
        return ValueTask.FromResult(row.Step() ? row.Long(0) : 0);
    }
}
