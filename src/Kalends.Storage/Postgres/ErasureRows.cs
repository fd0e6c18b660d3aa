using Kalends.Audit;
using NodaTime;

namespace Kalends.Storage.Postgres;

/// <summary>
/// Erases texts of the trail, by a function of the database that lets nothing else be done. Which appointments a calendar ever had is told by its
/// change log.
/// </summary>
internal sealed class ErasureRows(PostgresSession session) : IErasureWrites
{
    // $3 is how JSON says whose it is; see ErasedText. What an entry found before its change is as old as the entry that left it.
    private const string Erasable = """
        FROM calendar_change g JOIN trail x ON x.tenant = g.tenant AND x.appointment = g.appointment
        CROSS JOIN LATERAL (VALUES (false, x.before::text), (true, x.after::text)) s (is_after, said)
        WHERE g.tenant = $1 AND g.calendar = $2
            AND strpos(s.said, $3) > 0 AND s.said ~ '"(title|description|location|metadata)":'
            AND (x.at < $4 OR (NOT s.is_after AND coalesce(
                (SELECT b.at FROM trail b WHERE b.tenant = $1 AND b.appointment = x.appointment AND b.seq < x.seq ORDER BY b.seq DESC LIMIT 1),
                (SELECT b.at FROM trail b WHERE b.tenant = $1 AND b.appointment = x.series AND b.seq < x.seq ORDER BY b.seq DESC LIMIT 1),
                '-infinity') < $4))
        """;

    private const string FindSql = $"SELECT x.seq, s.is_after, s.said::json {Erasable} ORDER BY x.seq, s.is_after LIMIT $5";

    private const string CountSql = $"SELECT count(*) {Erasable}";

    /// <summary>The function goes by it whoever calls.</summary>
    private const string NameSql = "SELECT set_config('kalends.tenant', $1::text, true)";

    private const string EraseSql = "SELECT erase_trail_text($2, $3, $4, $5) WHERE $1 IS NOT NULL";

    // Of what was dropped it is known what was left.
    private const string ErasedSql = """
        SELECT e.seq, e.is_after, e.command, e.said,
            CASE WHEN x.seq IS NULL THEN e.says ELSE sha256(convert_to(CASE WHEN e.is_after THEN x.after ELSE x.before END::text, 'UTF8')) END
        FROM trail_erasure e LEFT JOIN trail x ON x.tenant = e.tenant AND x.seq = e.seq
        WHERE e.tenant = $1 AND (e.seq, e.is_after) > ($2, $3) ORDER BY e.seq, e.is_after LIMIT $4
        """;

    private const string DataSql = "SELECT data FROM command WHERE tenant = $1 AND id = $2";

    public async ValueTask<IReadOnlyList<EntrySide>> Find(Calendar owner, Instant before, int limit) => await session.All(
        Looking(FindSql, owner, before).With((long)limit), row => new EntrySide(row.Long(0), row.Bool(1), row.Bytes(2)));

    public async ValueTask<long> Count(Calendar owner, Instant before) =>
        (await session.All(Looking(CountSql, owner, before), row => row.Long(0)))[0];

    public async ValueTask Erase(Guid command, IReadOnlyList<EntrySide> left)
    {
        var entries = left.GroupBy(side => side.Seq).ToList();
        var erased = 0L;
        var erasing = session.Prepare(EraseSql).With(command).WithAll(entries.Select(entry => entry.Key))
            .WithJsons(entries.Select(entry => Side(entry, isAfter: false))).WithJsons(entries.Select(entry => Side(entry, isAfter: true)))
            .Reading(row => erased = row.Long(0));
        session.HasWritten = true;
        await session.Run(session.Prepare(NameSql).Reading(_ => { }), erasing);
        if (erased != entries.Count)
        {
            throw new InvalidOperationException($"of {entries.Count} trail entries the database erased {erased}");
        }
    }

    public async ValueTask<IReadOnlyList<ErasedSide>> Erased(long afterSeq, bool afterSide, int limit) => await session.All(
        session.Prepare(ErasedSql).With(afterSeq).With(afterSide).With((long)limit),
        row => new ErasedSide(row.Long(0), row.Bool(1), row.Guid(2), row.Bytes(3), row.IsNull(4) ? null : row.Bytes(4)));

    public async ValueTask<byte[]?> Data(Guid command) =>
        (await session.All(session.Prepare(DataSql).With(command), row => row.Bytes(0))).FirstOrDefault();

    private Statement Looking(string constantSql, Calendar owner, Instant before) => session.Prepare(constantSql)
        .WithInteger(owner.Key).With(ErasedText.OwnedBy(owner.Id)).WithTime(before.ToUnixTimeSeconds());

    private static byte[]? Side(IEnumerable<EntrySide> entry, bool isAfter) =>
        entry.Where(side => side.IsAfter == isAfter).Select(side => side.Said).SingleOrDefault();
}
