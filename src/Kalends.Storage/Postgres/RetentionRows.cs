using NodaTime;

namespace Kalends.Storage.Postgres;

/// <summary>Drops what is old of the trail, by a function of the database that lets nothing else be dropped.</summary>
internal sealed class RetentionRows(PostgresSession session) : IRetentionWrites
{
    private const string DroppedSql = "SELECT seq, kept_from, entries, seals FROM trail_dropped WHERE tenant = $1";

    private const string AnyDroppedSql = """
        SELECT 1 FROM unnest($2, $3) m (calendar, version) JOIN calendar c ON c.tenant = $1 AND c.key = m.calendar AND c.counted_from > m.version
        WHERE EXISTS (SELECT 1 FROM trail_dropped WHERE tenant = $1) LIMIT 1
        """;

    private const string CountSql = """
        SELECT count(*) FROM trail x WHERE x.tenant = $1 AND x.at < $2
            AND x.seq > coalesce((SELECT seq FROM trail_dropped WHERE tenant = $1), 0)
            AND x.seq <= (SELECT whole FROM trail_seal WHERE tenant = $1 ORDER BY number DESC LIMIT 1)
            AND x.seq < coalesce((SELECT t.seq FROM trail t WHERE t.tenant = $1 AND t.at >= $2 ORDER BY t.seq LIMIT 1), 9223372036854775807)
        """;

    /// <summary>The function goes by it whoever calls.</summary>
    private const string NameSql = "SELECT set_config('kalends.tenant', $1::text, true)";

    private const string DropSql = "SELECT entries_dropped, views_dropped FROM drop_trail($2, $3) WHERE $1 IS NOT NULL";

    public async ValueTask<DroppedTrail?> Dropped() => (await session.All(
        session.Prepare(DroppedSql),
        row => new DroppedTrail(row.Long(0), Instant.FromUnixTimeSeconds(row.Time(1)), row.Long(2), row.Long(3)))).SingleOrDefault();

    public async ValueTask<bool> AnyDropped(IReadOnlyDictionary<long, long> after) => after.Count > 0
        && (await session.All(session.Prepare(AnyDroppedSql).WithKeys(after.Keys).WithAll(after.Values), row => row.Integer(0))).Count > 0;

    public async ValueTask<long> Count(Instant before) =>
        (await session.All(session.Prepare(CountSql).WithTime(before.ToUnixTimeSeconds()), row => row.Long(0)))[0];

    public async ValueTask<DroppedRows> Drop(Instant before, int most)
    {
        var dropped = default(DroppedRows);
        session.HasWritten = true;
        await session.Run(
            session.Prepare(NameSql).Reading(_ => { }),
            session.Prepare(DropSql).WithTime(before.ToUnixTimeSeconds()).WithInteger(most).Reading(row => dropped = new(row.Long(0), row.Long(1))));
        return dropped;
    }
}
