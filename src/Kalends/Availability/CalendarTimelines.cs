using System.Runtime.InteropServices;
using Kalends.Messages;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Availability;

/// <summary>
/// From rows to timelines: reads what blocks in the calendars of a query and gives the engine one timeline a calendar, as this
/// caller may see it. Rows pass one by one and are not kept, so that a query over 500 people and five years needs room for its
/// timelines only.
/// </summary>
public static class CalendarTimelines
{
    /// <summary>
    /// One timeline for each of these, in the order of <see cref="AskedCalendars.Visible"/>, over [from, to) in Unix seconds.
    /// </summary>
    public static async ValueTask<(AskedCalendars Asked, Outcome<Timeline[]> Timelines)> Load(
        QueryContext context, IEnumerable<CalendarId> calendars, long from, long to)
    {
        var asked = await AskedCalendars.Look(context, calendars, (from, to));
        return (asked, await Load(context, asked, from, to));
    }

    public static Instant InstantOf(long seconds) => Instant.FromUnixTimeSeconds(seconds);

    private static async ValueTask<Outcome<Timeline[]>> Load(QueryContext context, AskedCalendars asked, long from, long to)
    {
        var rows = context.Rows<IAttendanceRows>();
        List<long> keys = [.. asked.Keys.Where(key => key != AskedCalendars.NoKey)];
        var closed = await ClosedTimes.Load(context, keys, from, to);
        if (closed.Refusal is { } refusal)
        {
            return refusal;
        }

        var held = asked.Held.ToLookup(hold => hold.Calendar);
        var making = new Making(context, asked, held, closed.Value, from, to);
        await rows.Scan(keys, from, to, making.Add);
        return making.Finish();
    }

    private static BlockState StateOf(Busyness busyness, Seen seen) => seen == Seen.Unavailable
        ? BlockState.Unavailable
        : busyness switch
        {
            Busyness.Free => BlockState.Free,
            Busyness.Tentative => BlockState.Tentative,
            Busyness.OutOfOffice => BlockState.OutOfOffice,
            _ => BlockState.Busy,
        };

    /// <summary>Gathers one calendar's blocks at a time; the next calendar's first row ends it.</summary>
    private sealed class Making(QueryContext context, AskedCalendars asked, ILookup<long, HeldTime> held, ClosedTimes closed, long from, long to)
    {
        private readonly Dictionary<long, Timeline> timelines = [];
        private readonly List<Block> blocks = [];
        private long calendar = AskedCalendars.NoKey;
        private Permission permission;

        public void Add(BlockingTime time)
        {
            if (time.Calendar != calendar)
            {
                context.Stopped.ThrowIfCancellationRequested();
                End();
                (calendar, permission) = (time.Calendar, asked.Sight.On(asked.IdOf(time.Calendar)));
            }

            blocks.Add(new(time.From, time.To, StateOf(time.Busyness, asked.Sight.Of(permission, time.Privacy, time.Owner))));
        }

        public Timeline[] Finish()
        {
            End();
            foreach (var other in held.Where(other => !timelines.ContainsKey(other.Key)))
            {
                calendar = other.Key;
                End();
            }

            return [.. asked.Keys.Select(key => timelines.GetValueOrDefault(key) ?? closed.Alone(key))];
        }

        private void End()
        {
            if (calendar == AskedCalendars.NoKey)
            {
                return;
            }

            blocks.AddRange(held[calendar].Select(hold => new Block(hold.From, hold.To, BlockState.Held)));
            blocks.AddRange(closed.Of(calendar));
            timelines[calendar] = Timeline.Build(CollectionsMarshal.AsSpan(blocks), from, to);
            blocks.Clear();
        }
    }
}
