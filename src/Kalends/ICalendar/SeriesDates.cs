using Kalends.Appointments;
using Kalends.Time;
using NodaTime;

namespace Kalends.ICalendar;

/// <summary>
/// EXDATE and RDATE (RFC 5545 §3.8.5.1, §3.8.5.2) on the wall of their series: lists and repeated lines, dates, times and periods, each in
/// its own zone. A time without one is on the series' wall, which many programs mean that leave out the TZID.
/// </summary>
internal sealed class SeriesDates(RawComponent item, FileZones zones, EventTimes times, SeriesWall wall)
{
    /// <summary>Of each kind, in one series: every working day of nineteen years.</summary>
    public const int Most = 5_000;

    private static readonly char[] Separators = [',', ';'];

    private readonly string? startZone = item.First("DTSTART") is { } start && !EventTimes.IsUtc(start) ? start.Parameter("TZID")?.Trim() : null;

    public Fault? Fault { get; private set; }

    public SortedSet<LocalDateTime> Added { get; } = [];

    public SortedSet<LocalDateTime> Excluded { get; } = [];

    /// <summary>Days of a timed series that EXDATE takes out as a whole.</summary>
    public SortedSet<LocalDate> ExcludedDays { get; } = [];

    public List<AddedPeriod> Periods { get; } = [];

    public void Read()
    {
        foreach (var (line, value) in Values("RDATE", "added"))
        {
            Add(line, value);
        }

        foreach (var (line, value) in Values("EXDATE", "excluded"))
        {
            Exclude(line, value);
        }

        // The start occurs without being added.
        Added.Remove(wall.Start);
    }

    /// <summary>The values of all lines of a property, each as a line of its own, until there are too many of them or one is at fault.</summary>
    private IEnumerable<(ContentLine Line, string Value)> Values(string property, string kind)
    {
        var count = 0;
        foreach (var line in item.All(property))
        {
            foreach (var value in line.Value.Split(Separators, Most + 2, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                if (++count > Most)
                {
                    Fault ??= new(SkipCode.TooLarge, $"the series has more than {Most} {kind} dates ({property})");
                }

                if (Fault is not null)
                {
                    yield break;
                }

                yield return (line, value);
            }
        }
    }

    private void Exclude(ContentLine line, string value)
    {
        var one = line with { Value = value.Split('/')[0] };
        if (Local(one, mustBeInRange: false) is not { } time)
        {
            return;
        }

        if (EventTimes.IsDate(one) && !wall.AllDay)
        {
            ExcludedDays.Add(time.Date);
        }
        else
        {
            Excluded.Add(time);
        }
    }

    private void Add(ContentLine line, string value)
    {
        if (value.Split('/') is not [var begins, var ends])
        {
            if (Local(line with { Value = value }, mustBeInRange: true) is { } time)
            {
                Added.Add(time);
            }
        }
        else if (Local(line with { Value = begins }, mustBeInRange: true) is { } start)
        {
            Added.Add(start);
            if (!wall.AllDay)
            {
                AddPeriod(line, start, ends, value);
            }
        }
    }

    /// <summary>A period (§3.3.9) has an end or a length; one that ends when the event would have ended anyway says nothing new.</summary>
    private void AddPeriod(ContentLine line, LocalDateTime start, string ends, string whole)
    {
        var end = line with { Value = ends };
        var duration = NominalDuration.TryParse(ends.ToUpperInvariant().TrimStart('+'), out var lasting) ? lasting
            : EventTimes.Local(end) is { } local && !EventTimes.IsDate(end) && EventTimes.InRange(local.Date.PlusDays(-1)) && OnWall(end, local) is { } until
                ? EventTimes.Between(start, wall.TimeZone!, until, wall.TimeZone!)
            : null;
        if (duration is not { } length || length.ExactSeconds > AppointmentLimits.LongestDays * (long)NominalDuration.SecondsPerDay)
        {
            Fault ??= new(SkipCode.Invalid, $"RDATE has a period that no appointment can have: {TextValues.Short(whole)}");
        }
        else if (Span(start, length) != Span(start, times.Duration))
        {
            Periods.Add(new(start, length));
        }
    }

    private Timespan Span(LocalDateTime start, NominalDuration duration) =>
        LocalSpans.Timed(start, wall.TimeZone!, duration, DaylightSavingPolicy.Rfc5545);

    /// <summary>Null for what is at fault, and for what lies where no appointment can: excluding it changes nothing.</summary>
    private LocalDateTime? Local(ContentLine line, bool mustBeInRange)
    {
        if (EventTimes.Local(line) is not { } local || (mustBeInRange && !EventTimes.InRange(local.Date)))
        {
            Fault ??= new(SkipCode.Invalid, $"{line.Name} has what is not a date or time that an appointment can have: {TextValues.Short(line.Value)}");
            return null;
        }

        return EventTimes.InRange(local.Date) ? OnWall(line, local) : null;
    }

    private LocalDateTime? OnWall(ContentLine line, LocalDateTime local)
    {
        var isDate = EventTimes.IsDate(line);
        var name = isDate || EventTimes.IsUtc(line) ? null : line.Parameter("TZID")?.Trim();
        var own = string.IsNullOrEmpty(name) || name.Equals(startZone, StringComparison.OrdinalIgnoreCase);
        if (own && !EventTimes.IsUtc(line))
        {
            return wall.From(local, null, isDate);
        }

        if (zones.Of(line, local, "UTC") is { } zone)
        {
            return wall.From(local, zone, isDate);
        }

        Fault ??= new(SkipCode.Invalid, FileZones.Refusal(line));
        return null;
    }
}
