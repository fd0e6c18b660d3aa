using Kalends.Messages;
using Kalends.Operations;
using Kalends.Queue;
using Kalends.Schedules;
using NodaTime;

namespace Kalends.Storage.Sqlite;

/// <summary>Forgets what is kept no longer.</summary>
internal sealed class SweepRows(SqliteSession session) : ISweepWrites
{
    private const string AnswersSql = """
        DELETE FROM idempotency WHERE rowid IN (SELECT rowid FROM idempotency WHERE tenant = ?1 AND kept_at < ?2 ORDER BY kept_at LIMIT ?3)
        """;

    private const string HoldsSql = "DELETE FROM hold WHERE (tenant, id) IN (SELECT tenant, id FROM hold WHERE tenant = ?1 AND expires_at <= ?2 LIMIT ?3)";

    private const string OperationsSql = """
        DELETE FROM operation WHERE status NOT IN ('waiting', 'running') AND rowid IN
            (SELECT rowid FROM operation WHERE tenant = ?1 AND created_at < ?2 ORDER BY created_at LIMIT ?3)
        """;

    // By queue, as they are in the index; each time the first that has any.
    private const string QueuesSql = "SELECT min(queue) FROM queue_archive WHERE dead = 0 AND queue > ?1";

    private const string MessagesSql = """
        DELETE FROM queue_archive WHERE id IN
            (SELECT id FROM queue_archive WHERE tenant = ?1 AND dead = 0 AND queue = ?4 AND archived_at < ?2 LIMIT ?3)
        """;

    public ValueTask<Swept> Forget(Instant now, int most)
    {
        long Of(string constantSql, long before) => session.Prepare(constantSql).With(before).With(most).Run();
        var answers = Of(AnswersSql, (now - Idempotency.KeptFor).ToUnixTimeSeconds());
        var holds = Of(HoldsSql, now.ToUnixTimeSeconds());
        var operations = Of(OperationsSql, (now - Operation.KeptFor).ToUnixTimeMilliseconds());
        var messages = 0L;
        foreach (var queue in Queues())
        {
            messages += session.Prepare(MessagesSql).With((now - IQueueWrites.KeptFor).ToUnixTimeMilliseconds()).With(most).With(queue).Run();
        }

        return ValueTask.FromResult(new Swept(answers, holds, operations, messages));
    }

    private List<string> Queues()
    {
        var names = new List<string>();
        for (var last = ""; ; names.Add(last))
        {
            var row = session.Connection.Prepare(QueuesSql).With(last);
            if (!row.Step() || row.IsNull(0))
            {
                return names;
            }

            last = row.Text(0);
        }
    }
}
