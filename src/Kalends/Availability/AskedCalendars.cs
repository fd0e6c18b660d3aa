using Kalends.Messages;
using Kalends.Storage;
using Kalends.Time;

namespace Kalends.Availability;

/// <summary>How much one query may ask for.</summary>
public static class QueryLimits
{
    /// <summary>A large department, and as many as one appointment may have.</summary>
    public const int Attendees = 500;

    /// <summary>Five years and their leap days.</summary>
    public const int LongestDays = 1_830;

    /// <summary>More stretches than this make an answer of tens of megabytes that nobody draws.</summary>
    public const int Stretches = 250_000;

    /// <summary>
    /// Days of open hours worked out for one query: 500 calendars that all state other hours, four stretches of every day, over five years. Calendars
    /// that say the same count once, so few ever come near it.
    /// </summary>
    public const int OpenHoursSteps = 4_000_000;

    /// <summary>Answers without pages are refused, not cut, when they would be huge.</summary>
    public static Refusal? RefuseHuge(IEnumerable<Timeline> timelines)
    {
        var count = timelines.Sum(timeline => timeline.Segments.Length);
        return count <= Stretches ? null : Refusal.At(
            RefusalCode.TooLarge, "/timespan",
            $"covers {count} stretches of these calendars; the limit is {Stretches}: ask for fewer attendees or a shorter time");
    }

    public static void Check(Timespan timespan, Errors errors)
    {
        errors.Require(timespan.From < timespan.To, "timespan", "from must be before to");
        errors.Require((timespan.To - timespan.From).TotalDays <= LongestDays, "timespan", $"must cover at most five years ({LongestDays} days)");
    }

    public static void Check(IReadOnlyList<CalendarId> attendees, Errors errors)
    {
        errors.Require(attendees.Count > 0, "attendees", "must name at least one calendar");
        errors.AtMost(Attendees, attendees.Count, "attendees");
    }
}

/// <summary>A calendar that a group query could not look at, and why.</summary>
public sealed record UnknownCalendar(CalendarId Calendar, string Reason)
{
    public const string NoPermission = "no-permission";
}

/// <summary>
/// The calendars a query asks for, each once and in the order asked, with what the caller may see of them. One that nobody ever
/// wrote to is empty: its key is <see cref="NoKey"/>, under which no row is stored.
/// </summary>
public sealed class AskedCalendars
{
    public const long NoKey = -1;

    /// <summary>Days, of all calendars together, that hardly ever hold more than a page.</summary>
    private const int FewDays = 50;

    private readonly Dictionary<long, CalendarId> ids;
    private readonly Dictionary<long, int> places;

    private AskedCalendars(
        IReadOnlyList<CalendarId> asked, IReadOnlyDictionary<CalendarId, Calendar> rows, IReadOnlyList<HeldTime> held, Access access, Caller caller)
    {
        var (visible, unknown) = (new List<CalendarId>(asked.Count), new List<UnknownCalendar>());
        var (keys, versions) = (new List<long>(asked.Count), new List<long>(asked.Count));
        places = new(asked.Count);
        foreach (var id in asked)
        {
            if (!access.May(Permission.ViewFreeBusy, id))
            {
                unknown.Add(new(id, UnknownCalendar.NoPermission));
                continue;
            }

            var row = rows.GetValueOrDefault(id);
            if (row is not null)
            {
                places[row.Key] = visible.Count;
            }

            visible.Add(id);
            keys.Add(row?.Key ?? NoKey);
            versions.Add(row?.Version ?? 0);
        }

        (Visible, Keys, Versions, Unknown, Rows) = (visible, keys, versions, unknown, rows);
        Sight = new(access, rows.GetValueOrDefault(caller.Person)?.Key);
        ViewerZone = rows.GetValueOrDefault(caller.Person)?.ZoneOrUtc ?? "UTC";
        ids = rows.Values.ToDictionary(calendar => calendar.Key, calendar => calendar.Id);
        Held = held;
    }

    public IReadOnlyList<CalendarId> Visible { get; }

    /// <summary>The keys of <see cref="Visible"/>, place by place.</summary>
    public IReadOnlyList<long> Keys { get; }

    /// <summary>Their versions, place by place; 0 where nobody ever wrote.</summary>
    public IReadOnlyList<long> Versions { get; }

    public IReadOnlyList<UnknownCalendar> Unknown { get; }

    public IReadOnlyList<UnknownCalendar>? UnknownOrNull => Unknown.Count > 0 ? Unknown : null;

    public IReadOnlyDictionary<CalendarId, Calendar> Rows { get; }

    /// <summary>The holds on <see cref="Visible"/>, where it was asked for them.</summary>
    public IReadOnlyList<HeldTime> Held { get; }

    public Sight Sight { get; }

    /// <summary>The zone of the caller's own calendar, in which all-day appointments are shown.</summary>
    public string ViewerZone { get; }

    public CalendarId IdOf(long key) => ids[key];

    /// <summary>Where a page ended, by place in the order asked.</summary>
    public AttendancePlace PlaceOf(Attendance last) => new(places[last.Calendar], last.From, last.To, last.Appointment);

    public AttendancePlace PlaceOf(HeldTime held) => new(places[held.Calendar], held.From, held.To, held.Hold);

    public static async ValueTask<AskedCalendars> Find(QueryContext context, IEnumerable<CalendarId> asked)
    {
        List<CalendarId> once = [.. asked.Distinct()];
        var rows = await context.Rows<ICalendarRows>().Find([.. once.Append(context.Caller.Person).Distinct()]);
        return new(once, rows, [], await context.Decide(once), context.Caller);
    }

    /// <summary>
    /// The same for a query that goes on to show what lies there: where it is most likely little, with the look. <paramref name="shown"/>: how many
    /// attendances it shows at most.
    /// </summary>
    public static async ValueTask<AskedCalendars> LookAhead(QueryContext context, IEnumerable<CalendarId> asked, (long From, long To) span, int shown)
    {
        List<CalendarId> once = [.. asked.Distinct()];
        if ((((span.To - span.From) / Time.NominalDuration.SecondsPerDay) + 1) * once.Count > FewDays)
        {
            return await Find(context, once);
        }

        var access = await context.Decide(once);
        var look = await context.Rows<IAvailabilityRows>().Glance(new()
        {
            Calendars = [.. once.Where(id => access.May(Permission.ViewFreeBusy, id))],
            Caller = context.Caller.Person,
            From = span.From,
            To = span.To,
            Ahead = new() { Shown = shown },
        });
        return look.Lasts || look.ShowsAll ? new(once, look.Calendars, [], access, context.Caller) : await Find(context, once);
    }

    /// <summary>The same with what is held on them, for a query that goes on to what lies there.</summary>
    public static async ValueTask<AskedCalendars> Look(
        QueryContext context, IEnumerable<CalendarId> asked, (long From, long To) span, int named = 0, AttendancePlace? after = null)
    {
        List<CalendarId> once = [.. asked.Distinct()];
        var access = await context.Decide(once);
        var found = await context.Rows<IAvailabilityRows>().Look(new()
        {
            Calendars = [.. once.Where(id => access.May(Permission.ViewFreeBusy, id))],
            Caller = context.Caller.Person,
            From = span.From,
            To = span.To,
            Now = context.Now.ToUnixTimeSeconds(),
            Named = named,
            After = after,
        });
        return new(once, found.Calendars, found.Held, access, context.Caller);
    }
}
