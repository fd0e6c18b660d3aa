using Kalends.Schedules;
using NodaTime;

namespace Kalends.Storage.Sqlite;

/// <summary>Schedules.</summary>
internal sealed class ScheduleRows(SqliteSession session) : IScheduleWrites
{
    private const string AllSql =
        "SELECT name, rule, zone, turn, next_at, last_at, last_outcome FROM schedule WHERE tenant = ?1 AND name > '' ORDER BY name";

    private const string TurnSql = """
        INSERT INTO schedule (tenant, name, rule, zone, turn, next_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
        ON CONFLICT (tenant, name) DO UPDATE SET rule = ?3, zone = ?4, turn = ?5, next_at = ?6 WHERE turn = ?5 - 1
        """;

    private const string EndedSql = "UPDATE schedule SET last_at = ?3, last_outcome = ?4 WHERE tenant = ?1 AND name = ?2";

    public ValueTask<IReadOnlyList<ScheduleState>> All()
    {
        var found = new List<ScheduleState>();
        var row = session.Prepare(AllSql);
        while (row.Step())
        {
            found.Add(new()
            {
                Name = row.Text(0),
                Rule = row.Text(1),
                Zone = row.Text(2),
                Turn = row.Long(3),
                NextAt = Instant.FromUnixTimeSeconds(row.Long(4)),
                LastAt = row.IsNull(5) ? null : Instant.FromUnixTimeSeconds(row.Long(5)),
                LastOutcome = row.TextOrNull(6),
            });
        }

        return ValueTask.FromResult<IReadOnlyList<ScheduleState>>(found);
    }

    public ValueTask<bool> Turn(ScheduleState next) => ValueTask.FromResult(
        session.Prepare(TurnSql).With(next.Name).With(next.Rule).With(next.Zone).With(next.Turn).With(next.NextAt.ToUnixTimeSeconds()).Run() == 1);

    public ValueTask Ended(string name, Instant at, string outcome)
    {
        session.Prepare(EndedSql).With(name).With(at.ToUnixTimeSeconds()).With(outcome).Run();
        return ValueTask.CompletedTask;
    }
}
