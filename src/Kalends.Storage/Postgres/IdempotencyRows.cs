using Kalends.Messages;
using NodaTime;

namespace Kalends.Storage.Postgres;

/// <summary>Kept answers. Each keeping forgets a few that are too old, so the table stays as large as a day and needs no sweeper.</summary>
internal sealed class IdempotencyRows(PostgresSession session) : IIdempotencyRows
{
    // Two processes with one key go one after the other, before they look; the second finds the first one's answer. Two keys of one hash
    // only wait for each other needlessly.
    private const string LockSql = "SELECT pg_advisory_xact_lock($1, hashtext($2 || E'\\n' || $3))";

    private const string FindSql = """
        SELECT command, request_hash, refused, body, kept_at FROM idempotency
        WHERE tenant = $1 AND person = $2 AND key = $3 AND kept_at >= $4
        """;

    private const string KeepSql = """
        INSERT INTO idempotency (tenant, person, key, command, request_hash, refused, body, kept_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (tenant, person, key) DO UPDATE SET command = excluded.command, request_hash = excluded.request_hash,
            refused = excluded.refused, body = excluded.body, kept_at = excluded.kept_at
        """;

    // More than one comes in, so ten going out always catch up.
    private const string ForgetSql = """
        DELETE FROM idempotency WHERE tenant = $1 AND (person, key) IN
            (SELECT person, key FROM idempotency WHERE tenant = $1 AND kept_at < $2 ORDER BY kept_at LIMIT 10 FOR UPDATE SKIP LOCKED)
        """;

    public async ValueTask<KeptAnswer?> Find(CalendarId person, string key, Instant notBefore)
    {
        KeptAnswer? kept = null;
        var finding = session.Prepare(FindSql).With(person.Value).With(key).WithTime(notBefore.ToUnixTimeSeconds()).Reading(row => kept = new(
            row.Text(0), row.Bytes(1), row.Bool(2), row.Bytes(3), Instant.FromUnixTimeSeconds(row.Time(4))));
        await session.Run(session.IsWriting ? [session.Prepare(LockSql).With(person.Value).With(key).Reading(_ => { }), finding] : [finding]);
        return kept;
    }

    public ValueTask Keep(CalendarId person, string key, KeptAnswer answer)
    {
        session.Later(session.Prepare(ForgetSql).WithTime((answer.KeptAt - Idempotency.KeptFor).ToUnixTimeSeconds()));
        session.Later(session.Prepare(KeepSql).With(person.Value).With(key).With(answer.Command).WithBytes(answer.RequestHash).With(answer.Refused)
            .WithJson(answer.Body).WithTime(answer.KeptAt.ToUnixTimeSeconds()));
        return ValueTask.CompletedTask;
    }
}
