using Kalends.Messages;
using Kalends.Operations;
using Kalends.Queue;
using Kalends.Schedules;
using NodaTime;

namespace Kalends.Storage.Postgres;

/// <summary>Forgets what is kept no longer; what another has locked is left to them.</summary>
internal sealed class SweepRows(PostgresSession session) : ISweepWrites
{
    private const string AnswersSql = """
        DELETE FROM idempotency WHERE tenant = $1 AND (person, key) IN
            (SELECT person, key FROM idempotency WHERE tenant = $1 AND kept_at < $2 ORDER BY kept_at LIMIT $3 FOR UPDATE SKIP LOCKED)
        """;

    private const string HoldsSql = """
        DELETE FROM hold WHERE tenant = $1 AND id IN (SELECT id FROM hold WHERE tenant = $1 AND expires_at <= $2 LIMIT $3 FOR UPDATE SKIP LOCKED)
        """;

    private const string OperationsSql = """
        DELETE FROM operation WHERE tenant = $1 AND status NOT IN ('waiting', 'running') AND id IN
            (SELECT id FROM operation WHERE tenant = $1 AND created_at < $2 ORDER BY created_at LIMIT $3 FOR UPDATE SKIP LOCKED)
        """;

    private const string MessagesSql = """
        DELETE FROM queue_archive WHERE tenant = $1 AND id IN
            (SELECT id FROM queue_archive WHERE tenant = $1 AND NOT dead AND archived_at < $2 LIMIT $3 FOR UPDATE SKIP LOCKED)
        """;

    public async ValueTask<Swept> Forget(Instant now, int most)
    {
        Statement Of(string constantSql, Instant before) => session.Prepare(constantSql).WithTime(before.ToUnixTimeSeconds()).With((long)most);
        var (answers, holds) = (Of(AnswersSql, now - Idempotency.KeptFor), Of(HoldsSql, now));
        var (operations, messages) = (Of(OperationsSql, now - Operation.KeptFor), Of(MessagesSql, now - IQueueWrites.KeptFor));
        session.HasWritten = true;
        await session.Run(answers, holds, operations, messages);
        return new(answers.Changed, holds.Changed, operations.Changed, messages.Changed);
    }
}
