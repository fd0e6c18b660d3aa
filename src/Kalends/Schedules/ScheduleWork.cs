using Kalends.Queue;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Schedules;

/// <summary>
/// Does what is due, and sends the next turn in the transaction that ends this one. After an outage one run stands for all that were due meanwhile, since the
/// next turn is strictly after now; where even that is too late, it is told as missed.
/// </summary>
public sealed class ScheduleWork(string queue, IReadOnlyList<Schedule> schedules) : IWork
{
    /// <summary>A schedule of a newer version, which its own processes know.</summary>
    private static readonly Duration ForOthers = Duration.FromSeconds(10);

    public string Queue => queue;

    public string Kind => Planting.Kind;

    public Duration Longest => schedules.Max(schedule => schedule.Longest);

    public async ValueTask<WorkResult> Run(WorkContext context)
    {
        var order = Planting.OrderOf(context.Message);
        if (schedules.FirstOrDefault(one => one.Name == order.Name) is not { } schedule)
        {
            return WorkResult.Later("no worker of this process knows the schedule", ForOthers);
        }

        if ((order.Turn is { } turn ? await Due(context, order.Name, turn) : context.Now) is not { } due)
        {
            // Another turn was given since: this one stands for nothing.
            return WorkResult.Done;
        }

        var began = context.Now;
        due = schedule.Times.Last(due, began);
        var isMissed = began > due + schedule.CatchUp;
        var outcome = isMissed
            ? $"missed: it was due at {due}, and nobody came within {schedule.CatchUp.TotalMinutes:0} minutes"
            : await schedule.Run(began, context.Stopped);
        ScheduleMeasurements.Ran(schedule.Name, isMissed ? "missed" : "done", (began - due).TotalSeconds);
        await using var session = await context.Write();
        await End(session, schedule, order, context.Now, outcome);
        await context.Commit(session);
        return WorkResult.Done;
    }

    public async ValueTask Failed(QueueMessage message, string reason, Instant now, IWriteSession session)
    {
        var order = Planting.OrderOf(message);
        if (schedules.FirstOrDefault(one => one.Name == order.Name) is { } schedule)
        {
            ScheduleMeasurements.Ran(schedule.Name, "failed", 0);
            await End(session, schedule, order, now, $"failed: {reason}");
        }
    }

    private static async ValueTask End(IWriteSession session, Schedule schedule, ScheduleOrder order, Instant now, string outcome)
    {
        var said = outcome.Length > ScheduleState.LongestOutcome ? outcome[..ScheduleState.LongestOutcome] : outcome;
        await session.Rows<IScheduleWrites>().Ended(schedule.Name, Instant.FromUnixTimeSeconds(now.ToUnixTimeSeconds()), said);
        if (order.Turn is { } turn)
        {
            await Planting.Turn(session, schedule, turn, now);
        }
    }

    private static async ValueTask<Instant?> Due(WorkContext context, string name, long turn)
    {
        await using var session = await context.Read();
        return (await session.Rows<IScheduleRows>().All()).FirstOrDefault(one => one.Name == name && one.Turn == turn)?.NextAt;
    }
}
