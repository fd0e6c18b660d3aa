using System.Security.Cryptography;
using System.Text.Json;
using Kalends.Audit;
using NodaTime;

namespace Kalends.Storage.Sqlite;

/// <summary>Seals of the trail. There is one writer, so whoever sees an entry sees all before it.</summary>
internal sealed class SealRows(SqliteSession session) : ISealWrites
{
    private const string Columns = "number, made_at, whole, entries, sum, hash";

    private const string LastSql = $"SELECT {Columns} FROM trail_seal WHERE tenant = ?1 AND number > 0 ORDER BY number DESC LIMIT 1";

    private const string PageSql = $"SELECT {Columns}, digests FROM trail_seal WHERE tenant = ?1 AND number > ?2 ORDER BY number LIMIT ?3";

    private const string SettledSql = "SELECT max(seq) FROM trail";

    // What was erased is known by what it was.
    private const string EntriesSql = """
        SELECT x.seq, x.command, c.at, c.person, c.app, c.name, c.request_id, c.data, x.appointment, x.series, x.kind, x.version, x.versions,
            x.before, x.after, b.said, a.said
        FROM trail x LEFT JOIN command c ON c.tenant = x.tenant AND c.id = x.command
        LEFT JOIN trail_erasure b ON b.tenant = x.tenant AND b.seq = x.seq AND b.is_after = 0
        LEFT JOIN trail_erasure a ON a.tenant = x.tenant AND a.seq = x.seq AND a.is_after = 1
        WHERE x.tenant = ?1 AND x.seq > ?2 AND x.seq <= ?3 ORDER BY x.seq
        """;

    private const string CountSql = "SELECT count(*) FROM trail WHERE tenant = ?1 AND seq <= ?2";

    private const string AddSql = """
        INSERT INTO trail_seal (tenant, number, made_at, whole, entries, digests, sum, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
        ON CONFLICT DO NOTHING
        """;

    public ValueTask<Seal?> Last()
    {
        var row = session.Prepare(LastSql);
        return ValueTask.FromResult(row.Step() ? Read(row, null) : null);
    }

    public ValueTask<IReadOnlyList<Seal>> Page(long after, int limit)
    {
        var found = new List<Seal>();
        var rows = session.Prepare(PageSql).With(after).With(limit);
        while (rows.Step())
        {
            found.Add(Read(rows, rows.IsNull(6) ? null : rows.Bytes(6)));
        }

        return ValueTask.FromResult<IReadOnlyList<Seal>>(found);
    }

    public ValueTask<long> Settled()
    {
        var row = session.Connection.Prepare(SettledSql);
        return ValueTask.FromResult(row.Step() ? row.Long(0) : 0);
    }

    public ValueTask<IReadOnlySet<long>> CoveredBeyond(long whole) => ValueTask.FromResult<IReadOnlySet<long>>(new HashSet<long>());

    public ValueTask<IReadOnlyList<EntryFacts>> Entries(long after, long until, IReadOnlySet<long> except, int limit)
    {
        var found = new List<EntryFacts>();
        var rows = session.Prepare(EntriesSql).With(after).With(until);
        while (found.Count < limit && rows.Step())
        {
            if (!except.Contains(rows.Long(0)))
            {
                found.Add(Facts(rows));
            }
        }

        return ValueTask.FromResult<IReadOnlyList<EntryFacts>>(found);
    }

    public ValueTask<long> Count(long until)
    {
        var row = session.Prepare(CountSql).With(until);
        return ValueTask.FromResult(row.Step() ? row.Long(0) : 0);
    }

    public ValueTask<bool> Add(Seal seal) => ValueTask.FromResult(session.Prepare(AddSql)
        .With(seal.Number).With(seal.MadeAt.ToUnixTimeSeconds()).With(seal.Whole).With(seal.Entries).WithBytes(seal.Digests).WithBytes(seal.Sum)
        .WithBytes(seal.Hash).Run() == 1);

    private static Seal Read(Statement row, byte[]? digests) => new()
    {
        Number = row.Long(0),
        MadeAt = Instant.FromUnixTimeSeconds(row.Long(1)),
        Whole = row.Long(2),
        Entries = row.Long(3),
        Sum = row.Bytes(4),
        Hash = row.Bytes(5),
        Digests = digests,
    };

    private static EntryFacts Facts(Statement row) => new()
    {
        Seq = row.Long(0),
        Command = row.Guid(1),
        At = row.IsNull(2) ? null : row.Long(2),
        Person = row.TextOrNull(3),
        App = row.TextOrNull(4),
        Name = row.TextOrNull(5),
        RequestId = row.TextOrNull(6),
        Data = Hash(row, 7),
        Appointment = row.GuidOrNull(8),
        Series = row.GuidOrNull(9),
        Kind = row.TextOrNull(10),
        Version = row.IsNull(11) ? null : row.Long(11),
        Versions = Versions(row.Bytes(12)),
        Before = row.IsNull(15) ? Hash(row, 13) : row.Bytes(15),
        After = row.IsNull(16) ? Hash(row, 14) : row.Bytes(16),
    };

    private static byte[]? Hash(Statement row, int column) => row.IsNull(column) ? null : SHA256.HashData(row.Bytes(column));

    public static List<(long Calendar, long Version)> Versions(byte[] json)
    {
        using var document = JsonDocument.Parse(json);
        return [.. document.RootElement.EnumerateObject().Select(member =>
            (long.Parse(member.Name, System.Globalization.CultureInfo.InvariantCulture), member.Value.GetInt64()))];
    }
}
