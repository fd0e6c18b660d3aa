using Kalends.Messages;
using NodaTime;

namespace Kalends.Storage.Sqlite;

/// <summary>Kept answers. Each keeping forgets a few that are too old, so the table stays as large as a day and needs no sweeper.</summary>
internal sealed class IdempotencyRows(SqliteSession session) : IIdempotencyRows
{
    private const string FindSql = """
        SELECT command, request_hash, refused, body, kept_at FROM idempotency
        WHERE tenant = ?1 AND person = ?2 AND key = ?3 AND kept_at >= ?4
        """;

    private const string KeepSql = """
        INSERT INTO idempotency (tenant, person, key, command, request_hash, refused, body, kept_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
        ON CONFLICT (tenant, person, key) DO UPDATE SET
            command = ?4, request_hash = ?5, refused = ?6, body = ?7, kept_at = ?8
        """;

    // More than one comes in, so ten going out always catch up.
    private const string ForgetSql = """
        DELETE FROM idempotency WHERE rowid IN (SELECT rowid FROM idempotency WHERE tenant = ?1 AND kept_at < ?2 ORDER BY kept_at LIMIT 10)
        """;

    public ValueTask<KeptAnswer?> Find(CalendarId person, string key, Instant notBefore)
    {
        var row = session.Prepare(FindSql).With(person.Value).With(key).With(notBefore.ToUnixTimeSeconds());
        return ValueTask.FromResult(row.Step()
            ? new KeptAnswer(row.Text(0), row.Bytes(1), row.Bool(2), row.Bytes(3), Instant.FromUnixTimeSeconds(row.Long(4)))
            : null);
    }

    public ValueTask Keep(CalendarId person, string key, KeptAnswer answer)
    {
        session.Prepare(ForgetSql).With((answer.KeptAt - Idempotency.KeptFor).ToUnixTimeSeconds()).Run();
        session.Prepare(KeepSql).With(person.Value).With(key).With(answer.Command).WithBytes(answer.RequestHash).With(answer.Refused)
            .WithJson(answer.Body).With(answer.KeptAt.ToUnixTimeSeconds()).Run();
        return ValueTask.CompletedTask;
    }
}
