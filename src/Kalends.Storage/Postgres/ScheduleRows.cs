using Kalends.Schedules;
using NodaTime;

namespace Kalends.Storage.Postgres;

/// <summary>Schedules. Of two who give a turn the second waits for the first, and finds it given.</summary>
internal sealed class ScheduleRows(PostgresSession session) : IScheduleWrites
{
    private const string AllSql = "SELECT name, rule, zone, turn, next_at, last_at, last_outcome FROM schedule WHERE tenant = $1 ORDER BY name";

    private const string TurnSql = """
        INSERT INTO schedule AS s (tenant, name, rule, zone, turn, next_at) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (tenant, name) DO UPDATE SET rule = excluded.rule, zone = excluded.zone, turn = excluded.turn, next_at = excluded.next_at
            WHERE s.turn = excluded.turn - 1
        """;

    private const string EndedSql = "UPDATE schedule SET last_at = $3, last_outcome = $4 WHERE tenant = $1 AND name = $2";

    public async ValueTask<IReadOnlyList<ScheduleState>> All() => await session.All(session.Prepare(AllSql), row => new ScheduleState
    {
        Name = row.Text(0),
        Rule = row.Text(1),
        Zone = row.Text(2),
        Turn = row.Long(3),
        NextAt = Instant.FromUnixTimeSeconds(row.Time(4)),
        LastAt = row.IsNull(5) ? null : Instant.FromUnixTimeSeconds(row.Time(5)),
        LastOutcome = row.TextOrNull(6),
    });

    public async ValueTask<bool> Turn(ScheduleState next)
    {
        var turning = session.Prepare(TurnSql).With(next.Name).With(next.Rule).With(next.Zone).With(next.Turn).WithTime(next.NextAt.ToUnixTimeSeconds());
        session.HasWritten = true;
        await session.Run(turning);
        return turning.Changed == 1;
    }

    public ValueTask Ended(string name, Instant at, string outcome)
    {
        session.Later(session.Prepare(EndedSql).With(name).WithTime(at.ToUnixTimeSeconds()).With(outcome));
        return ValueTask.CompletedTask;
    }
}
