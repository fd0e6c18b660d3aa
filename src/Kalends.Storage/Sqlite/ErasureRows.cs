using System.Security.Cryptography;
using Kalends.Audit;
using NodaTime;

namespace Kalends.Storage.Sqlite;

/// <summary>Erases texts of the trail. Which appointments a calendar ever had is told by its change log.</summary>
internal sealed class ErasureRows(SqliteSession session) : IErasureWrites
{
    private const string Left = "FROM trail b CROSS JOIN command k ON k.tenant = ?1 AND k.id = b.command WHERE b.tenant = ?1 AND b.seq < x.seq";

    // ?3 is how JSON says whose it is; see ErasedText. What an entry found before its change is as old as the entry that left it.
    private const string Erasable = $"""
        FROM calendar_change g JOIN trail x ON x.tenant = g.tenant AND x.appointment = g.appointment
        JOIN command c ON c.tenant = x.tenant AND c.id = x.command JOIN json_each('[0,1]') s
        WHERE g.tenant = ?1 AND g.calendar = ?2
            AND (c.at < ?4 OR (s.value = 0 AND coalesce(
                (SELECT k.at {Left} AND b.appointment = x.appointment ORDER BY b.seq DESC LIMIT 1),
                (SELECT k.at {Left} AND b.appointment = x.series ORDER BY b.seq DESC LIMIT 1), ?4 - 1) < ?4))
            AND instr(CASE s.value WHEN 1 THEN x.after ELSE x.before END, ?3) > 0
            AND (instr(CASE s.value WHEN 1 THEN x.after ELSE x.before END, '"title":') > 0
                OR instr(CASE s.value WHEN 1 THEN x.after ELSE x.before END, '"description":') > 0
                OR instr(CASE s.value WHEN 1 THEN x.after ELSE x.before END, '"location":') > 0
                OR instr(CASE s.value WHEN 1 THEN x.after ELSE x.before END, '"metadata":') > 0)
        """;

    private const string FindSql =
        $"SELECT x.seq, s.value, CASE s.value WHEN 1 THEN x.after ELSE x.before END {Erasable} ORDER BY x.seq, s.value LIMIT ?5";

    private const string CountSql = $"SELECT count(*) {Erasable}";

    private const string KeepSql = """
        INSERT INTO trail_erasure (tenant, seq, is_after, command, said) VALUES (?1, ?2, ?3, ?4, ?5)
        """;

    private const string SaidSql = "SELECT before, after FROM trail WHERE tenant = ?1 AND seq = ?2";

    private const string LeaveBeforeSql = "UPDATE trail SET before = ?3 WHERE tenant = ?1 AND seq = ?2";

    private const string LeaveAfterSql = "UPDATE trail SET after = ?3 WHERE tenant = ?1 AND seq = ?2";

    // Of what was dropped it is known what was left.
    private const string ErasedSql = """
        SELECT e.seq, e.is_after, e.command, e.said, CASE e.is_after WHEN 1 THEN x.after ELSE x.before END, CASE WHEN x.seq IS NULL THEN e.says END
        FROM trail_erasure e LEFT JOIN trail x ON x.tenant = e.tenant AND x.seq = e.seq
        WHERE e.tenant = ?1 AND (e.seq, e.is_after) > (?2, ?3) ORDER BY e.seq, e.is_after LIMIT ?4
        """;

    private const string DataSql = "SELECT data FROM command WHERE tenant = ?1 AND id = ?2";

    public ValueTask<IReadOnlyList<EntrySide>> Find(Calendar owner, Instant before, int limit)
    {
        var found = new List<EntrySide>();
        var rows = session.Prepare(FindSql).With(owner.Key).With(ErasedText.OwnedBy(owner.Id)).With(before.ToUnixTimeSeconds()).With(limit);
        while (rows.Step())
        {
            found.Add(new(rows.Long(0), rows.Bool(1), rows.Bytes(2)));
        }

        return ValueTask.FromResult<IReadOnlyList<EntrySide>>(found);
    }

    public ValueTask<long> Count(Calendar owner, Instant before)
    {
        var row = session.Prepare(CountSql).With(owner.Key).With(ErasedText.OwnedBy(owner.Id)).With(before.ToUnixTimeSeconds());
        return ValueTask.FromResult(row.Step() ? row.Long(0) : 0);
    }

    public ValueTask Erase(Guid command, IReadOnlyList<EntrySide> left)
    {
        foreach (var side in left)
        {
            var row = session.Prepare(SaidSql).With(side.Seq);
            var said = row.Step() ? SHA256.HashData(row.Bytes(side.IsAfter ? 1 : 0)) : throw new InvalidOperationException($"there is no entry {side.Seq}");
            session.Prepare(KeepSql).With(side.Seq).With(side.IsAfter).With(command).WithBytes(said).Run();
            session.Prepare(side.IsAfter ? LeaveAfterSql : LeaveBeforeSql).With(side.Seq).WithJson(side.Said).Run();
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<ErasedSide>> Erased(long afterSeq, bool afterSide, int limit)
    {
        var found = new List<ErasedSide>();
        var rows = session.Prepare(ErasedSql).With(afterSeq).With(afterSide).With(limit);
        while (rows.Step())
        {
            var says = rows.IsNull(5) ? null : rows.Bytes(5);
            found.Add(new(rows.Long(0), rows.Bool(1), rows.Guid(2), rows.Bytes(3), rows.IsNull(4) ? says : SHA256.HashData(rows.Bytes(4))));
        }

        return ValueTask.FromResult<IReadOnlyList<ErasedSide>>(found);
    }

    public ValueTask<byte[]?> Data(Guid command)
    {
        var row = session.Prepare(DataSql).With(command);
        return ValueTask.FromResult(row.Step() ? row.Bytes(0) : null);
    }
}
