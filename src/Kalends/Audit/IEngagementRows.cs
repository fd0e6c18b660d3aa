using Kalends.Storage;
using NodaTime;

namespace Kalends.Audit;

/// <summary>How often somebody was shown a calendar on a day (UTC).</summary>
public sealed record CalendarViews(LocalDate Day, CalendarId Calendar, CalendarId Viewer, long Views);

/// <summary>Where a page of views ended; a day counts from 1970-01-01, a calendar is named by its key.</summary>
public sealed record ViewPlace(long Day, long Calendar, string Viewer);

public enum ChangedBy
{
    People,
    Services,
}

/// <summary>
/// Appointments that came and went on a day (UTC), of those who did it through one application. A series is one appointment, and so is an occurrence that was
/// changed by itself.
/// </summary>
public sealed record AppointmentCounts(LocalDate Day, ChangedBy By, string App, bool Recurring, long Added, long Removed);

/// <summary>What is asked for: whole days from one and before another, counted from 1970-01-01; of these calendars, by key, or of all.</summary>
public sealed record EngagementQuestion(long FromDay, long ToDay, IReadOnlyCollection<long>? Calendars)
{
    public const long SecondsPerDay = 86_400;

    private static readonly LocalDate Epoch = new(1970, 1, 1);

    public static LocalDate DateOf(long day) => Epoch.PlusDays((int)day);

    public static long DayOf(LocalDate date) => Period.DaysBetween(Epoch, date);
}

public interface IEngagementRows
{
    /// <summary>In order of day, calendar's key and viewer, those after a place.</summary>
    ValueTask<IReadOnlyList<(ViewPlace Place, CalendarViews Row)>> Views(EngagementQuestion asked, ViewPlace? after, int limit);

    /// <summary>From the trail: so many at most, in order of day, who, application and kind.</summary>
    ValueTask<IReadOnlyList<AppointmentCounts>> Changes(EngagementQuestion asked, int limit);
}

public interface IEngagementWrites : IEngagementRows
{
    /// <summary>
    /// Adds to what was counted; the answer is to how many rows. A calendar that nobody ever wrote to has nothing to be viewed, and is left out.
    /// </summary>
    ValueTask<long> Add(IReadOnlyCollection<CalendarViews> views);
}
