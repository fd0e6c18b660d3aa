using Kalends.Appointments;

namespace Kalends.Storage.Postgres;

/// <summary>The change log, read along its order of sequence numbers.</summary>
internal sealed class ChangeRows(PostgresSession session) : IChangeRows
{
    private const string SinceSql = """
        SELECT seq, appointment, version, created_seq, deleted FROM calendar_change
        WHERE tenant = $1 AND calendar = $2 AND seq > $3 ORDER BY seq LIMIT $4
        """;

    // The first change after the moment knows what was there at the moment.
    private const string AsOfSql = """
        SELECT asked.id, t.before FROM unnest($2) asked (id) CROSS JOIN LATERAL
            (SELECT before FROM trail WHERE tenant = $1 AND appointment = asked.id AND seq > $3 ORDER BY seq LIMIT 1) t
        WHERE t.before IS NOT NULL
        """;

    private const string LastSql = "SELECT last FROM tenant_sequence WHERE tenant = $1";

    public async ValueTask<IReadOnlyList<ChangedAppointment>> Since(long calendar, long sequence, int limit) => await session.All(
        session.Prepare(SinceSql).WithInteger(calendar).With(sequence).With((long)limit),
        row => new ChangedAppointment(row.Long(0), row.Guid(1), row.Long(2), row.Long(3), row.Bool(4)));

    public async ValueTask<IReadOnlyDictionary<Guid, byte[]>> AsOf(IReadOnlyCollection<Guid> appointments, long sequence) =>
        (await session.All(session.Prepare(AsOfSql).WithAll(appointments).With(sequence), row => (Id: row.Guid(0), Said: row.Bytes(1))))
            .ToDictionary(pair => pair.Id, pair => pair.Said);

    public async ValueTask<long> Last() => (await session.All(session.Prepare(LastSql), row => row.Long(0))).SingleOrDefault();
}
