using System.Text.Json;
using Kalends.Messages.Json;
using Kalends.Queue;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Schedules;

/// <summary>
/// A schedule's message is the token of its turn: there is one, and whoever ends it sends the next in the same transaction. Here the first is sent, and
/// another where the rule was changed or the message is gone. Any number of processes may do it at once: one gives the turn, the others find it given.
/// </summary>
public static class Planting
{
    public const string Kind = "schedule";

    /// <summary>Messages of the program itself: a few a schedule.</summary>
    private const int MostMessages = 1_000;

    /// <summary>It has lost its purpose never; what is too late is looked at when it runs.</summary>
    private static readonly Duration Lasting = Duration.FromDays(36_500);

    /// <summary>The answer is how many turns were given.</summary>
    public static async ValueTask<int> Plant(IStore store, IEnumerable<Schedule> schedules, Instant now, CancellationToken stopped)
    {
        var planted = 0;
        foreach (var schedule in schedules)
        {
            await using var session = await store.Write(IStore.OwnTenant, stopped);
            var rows = session.Rows<IScheduleWrites>();
            var state = (await rows.All()).FirstOrDefault(one => one.Name == schedule.Name);
            if (state is null || (state.Rule, state.Zone) != (schedule.Rule, schedule.Zone) || !await IsSent(session, state))
            {
                planted += await Turn(session, schedule, state?.Turn ?? 0, now) ? 1 : 0;
                await session.Commit(stopped);
            }
        }

        return planted;
    }

    /// <summary>The turn after one, with its message; false where another gave it.</summary>
    internal static async ValueTask<bool> Turn(IWriteSession session, Schedule schedule, long before, Instant now)
    {
        var next = new ScheduleState
        {
            Name = schedule.Name, Rule = schedule.Rule, Zone = schedule.Zone, Turn = before + 1, NextAt = schedule.Next(now),
        };
        if (!await session.Rows<IScheduleWrites>().Turn(next))
        {
            return false;
        }

        await session.Rows<IQueueWrites>().Send(Message(schedule, new(schedule.Name, next.Turn), next.NextAt, now), now);
        return true;
    }

    /// <summary>One run beside the schedule's own, at once.</summary>
    public static async ValueTask RunNow(IStore store, Schedule schedule, Instant now, CancellationToken stopped)
    {
        await using var session = await store.Write(IStore.OwnTenant, stopped);
        await session.Rows<IQueueWrites>().Send(Message(schedule, new(schedule.Name, null), now, now), now);
        await session.Commit(stopped);
    }

    internal static ScheduleOrder OrderOf(QueueMessage message) => JsonSerializer.Deserialize<ScheduleOrder>(message.Body, WireJson.Options)!;

    private static async ValueTask<bool> IsSent(IWriteSession session, ScheduleState state) =>
        (await session.Rows<IQueueRows>().Page(dead: false, 0, MostMessages)).Where(message => message.Kind == Kind).Select(OrderOf)
            .Any(order => order.Name == state.Name && order.Turn == state.Turn);

    private static NewMessage Message(Schedule schedule, ScheduleOrder order, Instant at, Instant now) =>
        new(schedule.Queue, Kind, WireJson.Write(order), now + Lasting) { VisibleAt = at };
}

/// <summary>What a message says: which schedule, and which turn of it; without one, a run beside its turns.</summary>
public sealed record ScheduleOrder(string Name, long? Turn);
