using Kalends.Appointments;
using Kalends.Time;
using NodaTime;

namespace Kalends.ICalendar;

/// <summary>
/// The wall that a series is told on: its zone's, or none for whole days. Dates and times of other kinds are brought onto it.
/// DayZone: where a whole day lies that was written as a moment in UTC.
/// </summary>
internal sealed record SeriesWall(LocalDateTime Start, string? Zone, string DayZone)
{
    public bool AllDay => Zone is null;

    public DateTimeZone? TimeZone => Zone is null ? null : Zones.Get(Zone);

    public static SeriesWall Of(Appointment series, string zoneWhenAbsent)
    {
        var zone = series.AllDay == true ? null : Zones.Canonical(series.TimeZone ?? zoneWhenAbsent) ?? "UTC";
        return new(series.Start ?? throw new ArgumentException("a series without a start", nameof(series)), zone, zoneWhenAbsent);
    }

    /// <summary>A series of this wall with all that the recurrence engine asks of one; how long it lasts is nothing to when it occurs.</summary>
    public Appointment Placed(Appointment series, Appointments.Recurrence recurrence) =>
        series with { TimeZone = Zone, Duration = series.Duration ?? NominalDuration.OfDays(1), Recurrence = recurrence };

    /// <summary>The moment of an occurrence as <see cref="DerivedUid"/> has it.</summary>
    public string Word(LocalDateTime id) => AllDay ? RecurrenceLines.Date(id.Date) : RecurrenceLines.Time(At(id).InUtc().LocalDateTime) + "Z";

    public LocalDateTime From(NamedOccurrence named) => From(named.Time, named.Zone, named.IsDate);

    /// <summary>A time of a zone (null: of this wall) here; a date among times is that day's occurrence, at the start's time of day.</summary>
    public LocalDateTime From(LocalDateTime time, string? zone, bool isDate) =>
        AllDay ? Day(time, zone).AtMidnight()
        : isDate ? time.Date.At(Start.TimeOfDay)
        : zone is null || zone == Zone ? time
        : Moment(time, zone).InZone(TimeZone!).LocalDateTime;

    /// <summary>When a time on this wall is; whole days are counted as if in UTC, as the recurrence engine does.</summary>
    public Instant At(LocalDateTime time) => DaylightSavingPolicy.Rfc5545.Resolve(time, TimeZone ?? DateTimeZone.Utc);

    /// <summary>Midnight in UTC is how some write a bare date; any other moment in UTC lies on some day of the day's zone.</summary>
    private LocalDate Day(LocalDateTime time, string? zone) => zone == "UTC" && time.TimeOfDay != LocalTime.Midnight
        ? Moment(time, zone).InZone(Zones.Get(DayZone)).Date
        : time.Date;

    private static Instant Moment(LocalDateTime time, string zone) => DaylightSavingPolicy.Rfc5545.Resolve(time, Zones.Get(zone));
}
