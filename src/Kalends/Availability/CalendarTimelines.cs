using Kalends.Messages;
using NodaTime;

namespace Kalends.Availability;

/// <summary>
/// From rows to timelines: reads what blocks in the calendars of a query and gives the engine one timeline a calendar, as this
/// caller may see it. Rows are read some calendars at a time, so that a query over 500 people and five years needs room for its
/// timelines only.
/// </summary>
public static class CalendarTimelines
{
    /// <summary>One read of the store for a usual meeting; bounded memory for a huge query.</summary>
    private const int CalendarsPerRead = 64;

    /// <summary>One timeline for each of <see cref="AskedCalendars.Visible"/>, in that order, over [from, to) in Unix seconds.</summary>
    public static async ValueTask<IReadOnlyList<Timeline>> Load(QueryContext context, AskedCalendars asked, long from, long to)
    {
        var rows = context.Rows<IAttendanceRows>();
        var timelines = new Dictionary<long, Timeline>();
        foreach (var keys in asked.Keys.Where(key => key != AskedCalendars.NoKey).Chunk(CalendarsPerRead))
        {
            context.Stopped.ThrowIfCancellationRequested();
            var attendances = await rows.Overlapping(keys, from, to, blockingOnly: true);
            var held = (await rows.Held(keys, from, to, context.Now.ToUnixTimeSeconds())).ToLookup(hold => hold.Calendar);
            Build(attendances, held, asked, (from, to), timelines);
        }

        var empty = Timeline.Build([], from, to);
        return [.. asked.Keys.Select(key => timelines.GetValueOrDefault(key, empty))];
    }

    /// <summary>How one stored attendance stands in the way of this caller's plans.</summary>
    public static BlockState StateOf(Attendance attendance, Seen seen) => seen == Seen.Unavailable
        ? BlockState.Unavailable
        : attendance.Busyness switch
        {
            Busyness.Free => BlockState.Free,
            Busyness.Tentative => BlockState.Tentative,
            Busyness.OutOfOffice => BlockState.OutOfOffice,
            _ => BlockState.Busy,
        };

    public static Instant InstantOf(long seconds) => Instant.FromUnixTimeSeconds(seconds);

    private static void Build(
        IReadOnlyList<Attendance> attendances, ILookup<long, HeldTime> held, AskedCalendars asked, (long From, long To) window,
        Dictionary<long, Timeline> timelines)
    {
        var blocks = new List<Block>();
        var (calendarSeen, permission) = (AskedCalendars.NoKey, Permission.None);
        for (var index = 0; index < attendances.Count; index++)
        {
            var attendance = attendances[index];
            if (attendance.Calendar != calendarSeen)
            {
                (calendarSeen, permission) = (attendance.Calendar, asked.Sight.On(asked.IdOf(attendance.Calendar)));
            }

            var seen = asked.Sight.Of(attendance, permission);
            blocks.Add(new(attendance.From, attendance.To, StateOf(attendance, seen)));
            if (index + 1 == attendances.Count || attendances[index + 1].Calendar != attendance.Calendar)
            {
                timelines[attendance.Calendar] = Finish(blocks, held[attendance.Calendar], window);
            }
        }

        foreach (var calendar in held.Where(calendar => !timelines.ContainsKey(calendar.Key)))
        {
            timelines[calendar.Key] = Finish(blocks, calendar, window);
        }
    }

    private static Timeline Finish(List<Block> blocks, IEnumerable<HeldTime> held, (long From, long To) window)
    {
        blocks.AddRange(held.Select(hold => new Block(hold.From, hold.To, BlockState.Held)));
        var timeline = Timeline.Build(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(blocks), window.From, window.To);
        blocks.Clear();
        return timeline;
    }
}
