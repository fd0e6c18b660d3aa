using Kalends.Audit;
using NodaTime;

namespace Kalends.Storage.Postgres;

/// <summary>
/// Seals of the trail. Of writers that go side by side one may be given a lower number and commit later; what is settled is told by the transactions
/// that ran when a seal was made: a command's row is written before its entries, so its transaction has begun before they have numbers.
/// The database works out the hashes of long texts, so that they need not travel.
/// </summary>
internal sealed class SealRows(PostgresSession session) : ISealWrites
{
    private const string Columns = "number, made_at, whole, entries, sum, hash";

    private const string LastSql = $"SELECT {Columns} FROM trail_seal WHERE tenant = $1 ORDER BY number DESC LIMIT 1";

    private const string PageSql = $"SELECT {Columns}, digests FROM trail_seal WHERE tenant = $1 AND number > $2 ORDER BY number LIMIT $3";

    private const string SettledSql = """
        SELECT up_to FROM trail_seal WHERE tenant = $1 AND settled <= pg_snapshot_xmin(pg_current_snapshot()) AND up_to IS NOT NULL
        ORDER BY number DESC LIMIT 1
        """;

    // up_to rises with the number.
    private const string CoveredBeyondSql = """
        SELECT number, made_at, whole, entries, sum, hash, digests FROM trail_seal WHERE tenant = $1 AND number >
            coalesce((SELECT number FROM trail_seal WHERE tenant = $1 AND coalesce(up_to, whole) <= $2 ORDER BY number DESC LIMIT 1), 0)
        """;

    // What was erased is known by what it was. Commands one by one: of a table it knows little of, as after an import, the database would read all for each.
    private const string EntriesSql = """
        SELECT x.seq, x.command, c.at, c.person, c.app, c.name, c.request_id, sha256(convert_to(c.data::text, 'UTF8')),
            x.appointment, x.series, x.kind, x.version, x.calendars, x.versions,
            coalesce(b.said, sha256(convert_to(x.before::text, 'UTF8'))), coalesce(a.said, sha256(convert_to(x.after::text, 'UTF8')))
        FROM trail x
        LEFT JOIN LATERAL (SELECT k.* FROM command k WHERE k.tenant = $1 AND k.id = x.command AND k.at = x.at OFFSET 0) c ON true
        LEFT JOIN trail_erasure b ON b.tenant = x.tenant AND b.seq = x.seq AND NOT b.is_after
        LEFT JOIN trail_erasure a ON a.tenant = x.tenant AND a.seq = x.seq AND a.is_after
        WHERE x.tenant = $1 AND x.seq > $2 AND x.seq <= $3 AND x.seq <> ALL ($4) ORDER BY x.seq LIMIT $5
        """;

    private const string CountSql = "SELECT count(*) FROM trail WHERE tenant = $1 AND seq <= $2";

    // A snapshot's own upper end leaves out who began last and is not over; age() counts from the next transaction to begin.
    private const string AddSql = """
        INSERT INTO trail_seal (tenant, number, made_at, whole, entries, digests, sum, hash, up_to, settled)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, (SELECT max(seq) FROM trail WHERE tenant = $1),
            (SELECT (pg_snapshot_xmax(s)::text::bigint + age(pg_snapshot_xmax(s)::xid))::text::xid8 FROM pg_current_snapshot() s))
        ON CONFLICT DO NOTHING
        """;

    public async ValueTask<Seal?> Last() => (await session.All(session.Prepare(LastSql), row => Read(row, null))).SingleOrDefault();

    public async ValueTask<IReadOnlyList<Seal>> Page(long after, int limit) => await session.All(
        session.Prepare(PageSql).With(after).With((long)limit), row => Read(row, row.IsNull(6) ? null : row.Bytes(6)));

    public async ValueTask<long> Settled() => (await session.All(session.Prepare(SettledSql), row => row.Long(0))).SingleOrDefault();

    public async ValueTask<IReadOnlySet<long>> CoveredBeyond(long whole) =>
        (await session.All(session.Prepare(CoveredBeyondSql).With(whole), row => Read(row, row.IsNull(6) ? null : row.Bytes(6))))
            .SelectMany(seal => seal.Covered()).Select(entry => entry.Seq).Where(seq => seq > whole).ToHashSet();

    public async ValueTask<IReadOnlyList<EntryFacts>> Entries(long after, long until, IReadOnlySet<long> except, int limit) => await session.All(
        session.Prepare(EntriesSql).With(after).With(until).WithAll(except).With((long)limit), Facts);

    public async ValueTask<long> Count(long until) => (await session.All(session.Prepare(CountSql).With(until), row => row.Long(0)))[0];

    public async ValueTask<bool> Add(Seal seal)
    {
        var adding = session.Prepare(AddSql).With(seal.Number).WithTime(seal.MadeAt.ToUnixTimeSeconds()).With(seal.Whole).With(seal.Entries)
            .WithBytes(seal.Digests!).WithBytes(seal.Sum).WithBytes(seal.Hash);
        await session.Run(adding);
        return adding.Changed == 1;
    }

    private static Seal Read(Row row, byte[]? digests) => new()
    {
        Number = row.Long(0),
        MadeAt = Instant.FromUnixTimeSeconds(row.Time(1)),
        Whole = row.Long(2),
        Entries = row.Long(3),
        Sum = row.Bytes(4),
        Hash = row.Bytes(5),
        Digests = digests,
    };

    private static EntryFacts Facts(Row row) => new()
    {
        Seq = row.Long(0),
        Command = row.Guid(1),
        At = row.IsNull(2) ? null : row.Time(2),
        Person = row.TextOrNull(3),
        App = row.TextOrNull(4),
        Name = row.TextOrNull(5),
        RequestId = row.TextOrNull(6),
        Data = BytesOrNull(row, 7),
        Appointment = row.GuidOrNull(8),
        Series = row.GuidOrNull(9),
        Kind = row.TextOrNull(10),
        Version = row.IsNull(11) ? null : row.Integer(11),
        Versions = [.. row.Keys(12).Zip(row.Longs(13))],
        Before = BytesOrNull(row, 14),
        After = BytesOrNull(row, 15),
    };

    private static byte[]? BytesOrNull(Row row, int column) => row.IsNull(column) ? null : row.Bytes(column);
}
