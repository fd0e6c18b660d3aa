using System.Buffers.Binary;
using System.Security.Cryptography;
using NodaTime;

namespace Kalends.Storage.Sqlite;

/// <summary>Drops what is old of the trail. There is one writer, so what is dropped is what it just read.</summary>
internal sealed class RetentionRows(SqliteSession session) : IRetentionWrites
{
    private const string DroppedSql = "SELECT seq, kept_from, entries, seals FROM trail_dropped WHERE tenant = ?1";

    private const string CountedFromSql = "SELECT counted_from FROM calendar WHERE tenant = ?1 AND key = ?2";

    private const string Sealed = "(SELECT whole FROM trail_seal WHERE tenant = ?1 AND number > 0 ORDER BY number DESC LIMIT 1)";

    private const string NextSql = $"""
        SELECT x.seq, c.at, x.command, x.versions FROM trail x LEFT JOIN command c ON c.tenant = ?1 AND c.id = x.command
        WHERE x.tenant = ?1 AND x.seq > ?2 AND x.seq <= {Sealed} ORDER BY x.seq LIMIT ?3
        """;

    private const string ErasedSql = """
        SELECT e.seq, e.is_after, CASE e.is_after WHEN 1 THEN x.after ELSE x.before END FROM trail_erasure e CROSS JOIN trail x ON x.seq = e.seq
        WHERE e.tenant = ?1 AND e.seq > ?2 AND e.seq <= ?3
        """;

    private const string KeepSaysSql = "UPDATE trail_erasure SET says = ?4 WHERE tenant = ?1 AND seq = ?2 AND is_after = ?3";

    private const string DropPublicationSql = "DELETE FROM outbox WHERE tenant = ?1 AND trail = ?2";

    private const string DropEntrySql = "DELETE FROM trail WHERE tenant = ?1 AND seq = ?2";

    private const string DropCommandSql = """
        DELETE FROM command WHERE tenant = ?1 AND id = ?2 AND NOT EXISTS (SELECT 1 FROM trail x WHERE x.tenant = ?1 AND x.command = ?2)
        """;

    private const string DropErasuresSql = """
        DELETE FROM trail_erasure WHERE tenant = ?1 AND seq <= ?2
            AND NOT EXISTS (SELECT 1 FROM command c WHERE c.tenant = ?1 AND c.id = trail_erasure.command)
        """;

    // The digests stand in the order of entries, 40 bytes each; a seal behind one that still covers something waits for it.
    private const string FirstSealSql = """
        SELECT number FROM trail_seal WHERE tenant = ?1 AND number > ?2 AND (substr(digests, length(digests) - 39, 8) <= ?3) IS NOT TRUE ORDER BY number LIMIT 1
        """;

    private const string LastSealSql = "SELECT number FROM trail_seal WHERE tenant = ?1 AND number > 0 ORDER BY number DESC LIMIT 1";

    private const string ForgetSealsSql = "UPDATE trail_seal SET digests = NULL WHERE tenant = ?1 AND number > ?2 AND number <= ?3";

    private const string DropViewsSql = """
        DELETE FROM calendar_view WHERE (tenant, calendar, day, viewer) IN
            (SELECT o.tenant, o.calendar, o.day, o.viewer FROM calendar_view o WHERE o.tenant = ?1 AND o.day < ?2 ORDER BY o.day LIMIT ?3)
        """;

    private const string KeepSql = """
        INSERT INTO trail_dropped (tenant, seq, kept_from, entries, seals) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (tenant) DO UPDATE SET
            seq = max(seq, ?2), kept_from = max(kept_from, ?3), entries = entries + ?4, seals = max(seals, ?5)
        """;

    private const string CountFromSql = "UPDATE calendar SET counted_from = max(counted_from, ?3) WHERE tenant = ?1 AND key = ?2";

    private const string FirstKeptSql = """
        SELECT x.seq FROM trail x LEFT JOIN command c ON c.tenant = ?1 AND c.id = x.command
        WHERE x.tenant = ?1 AND x.seq > ?2 AND coalesce(c.at >= ?3, 1) ORDER BY x.seq LIMIT 1
        """;

    private const string CountSql = $"SELECT count(*) FROM trail WHERE tenant = ?1 AND seq > ?2 AND seq <= {Sealed} AND seq < ?3";

    public ValueTask<DroppedTrail?> Dropped() => ValueTask.FromResult(Find());

    public ValueTask<bool> AnyDropped(IReadOnlyDictionary<long, long> after) => ValueTask.FromResult(Find() is not null && after.Any(pair =>
    {
        var row = session.Prepare(CountedFromSql).With(pair.Key);
        return row.Step() && row.Long(0) > pair.Value;
    }));

    public ValueTask<long> Count(Instant before)
    {
        var after = Find()?.Seq ?? 0;
        var first = session.Prepare(FirstKeptSql).With(after).With(before.ToUnixTimeSeconds());
        var row = session.Prepare(CountSql).With(after).With(first.Step() ? first.Long(0) : long.MaxValue);
        return ValueTask.FromResult(row.Step() ? row.Long(0) : 0);
    }

    public ValueTask<DroppedRows> Drop(Instant before, int most)
    {
        var had = Find() ?? new(0, default, 0, 0);
        var next = Next(had.Seq, before.ToUnixTimeSeconds(), most);
        var place = next.Count == 0 ? had.Seq : next[^1].Seq;
        KeepErased(had.Seq, place);
        foreach (var (seq, _, _) in next)
        {
            session.Prepare(DropPublicationSql).With(seq).Run();
            session.Prepare(DropEntrySql).With(seq).Run();
        }

        foreach (var command in next.Select(entry => entry.Command).Distinct())
        {
            session.Prepare(DropCommandSql).With(command).Run();
        }

        foreach (var calendar in next.SelectMany(entry => entry.Versions).GroupBy(pair => pair.Calendar, pair => pair.Version))
        {
            session.Prepare(CountFromSql).With(calendar.Key).With(calendar.Max()).Run();
        }

        var views = session.Prepare(DropViewsSql).With(before.ToUnixTimeSeconds() / Audit.EngagementQuestion.SecondsPerDay).With(most).Run();
        if (next.Count > 0 || views > 0)
        {
            session.Prepare(DropErasuresSql).With(place).Run();
            session.Prepare(KeepSql).With(place).With(before.ToUnixTimeSeconds()).With(next.Count).With(ForgetSeals(had.Seals, place)).Run();
        }

        return ValueTask.FromResult(new DroppedRows(next.Count, views));
    }

    private DroppedTrail? Find()
    {
        var row = session.Prepare(DroppedSql);
        return row.Step() ? new(row.Long(0), Instant.FromUnixTimeSeconds(row.Long(1)), row.Long(2), row.Long(3)) : null;
    }

    /// <summary>In order, up to the first that is to stay.</summary>
    private List<(long Seq, Guid Command, List<(long Calendar, long Version)> Versions)> Next(long after, long before, int most)
    {
        var found = new List<(long, Guid, List<(long, long)>)>();
        var rows = session.Prepare(NextSql).With(after).With(most);
        while (rows.Step() && !rows.IsNull(1) && rows.Long(1) < before)
        {
            found.Add((rows.Long(0), rows.Guid(2), SealRows.Versions(rows.Bytes(3))));
        }

        return found;
    }

    private void KeepErased(long after, long until)
    {
        var erased = new List<(long Seq, bool IsAfter, byte[] Says)>();
        var rows = session.Prepare(ErasedSql).With(after).With(until);
        while (rows.Step())
        {
            erased.Add((rows.Long(0), rows.Bool(1), SHA256.HashData(rows.Bytes(2))));
        }

        foreach (var (seq, isAfter, says) in erased)
        {
            session.Prepare(KeepSaysSql).With(seq).With(isAfter).WithBytes(says).Run();
        }
    }

    /// <summary>The answer is the last of those that have no digests any more.</summary>
    private long ForgetSeals(long after, long place)
    {
        Span<byte> written = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(written, place);
        var first = session.Prepare(FirstSealSql).With(after).WithBytes(written);
        var last = first.Step() ? first.Long(0) - 1 : Last();
        session.Prepare(ForgetSealsSql).With(after).With(last).Run();
        return last;
    }

    private long Last()
    {
        var row = session.Prepare(LastSealSql);
        return row.Step() ? row.Long(0) : 0;
    }
}
