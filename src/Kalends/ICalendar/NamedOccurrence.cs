using Kalends.Time;
using NodaTime;

namespace Kalends.ICalendar;

/// <summary>
/// Which occurrence an event stands for, as RECURRENCE-ID says it (RFC 5545 §3.8.4.4): a time in a zone, a time on the wall of the
/// series (no zone), or a date. What that is on the wall of the series can be told only beside the series.
/// </summary>
public sealed record NamedOccurrence(LocalDateTime Time, string? Zone, bool IsDate)
{
    /// <summary>RANGE=THISANDFUTURE (§3.2.13): this occurrence and all later ones.</summary>
    public bool AndFuture { get; init; }

    /// <summary>One word for the moment, the same in every file that names it: UTC where the zone is known.</summary>
    internal string Word(string floatingZone) => IsDate
        ? RecurrenceLines.Date(Time.Date)
        : RecurrenceLines.Time(DaylightSavingPolicy.Rfc5545.Resolve(Time, Zones.Get(Zone ?? floatingZone)).InUtc().LocalDateTime) + "Z";

    /// <summary>Null with a fault when it names nothing that can be.</summary>
    internal static NamedOccurrence? Read(ContentLine line, FileZones zones, out Fault? fault)
    {
        var time = EventTimes.Local(line);
        var named = line.Parameter("TZID")?.Trim() is { Length: > 0 } || EventTimes.IsUtc(line);
        var zone = time is { } at && named && !EventTimes.IsDate(line) ? zones.Of(line, at, "UTC") : null;
        fault = time is not { } local || !EventTimes.InRange(local.Date)
                ? new(SkipCode.Invalid, $"RECURRENCE-ID is not a date or time that an appointment can have: {TextValues.Short(line.Value)}")
            : named && zone is null && !EventTimes.IsDate(line) ? new(SkipCode.Invalid, FileZones.Refusal(line))
            : line.Parameter("RANGE") is { } range && !line.Has("RANGE", "THISANDFUTURE") && range.Trim().Length > 0
                // RFC 2445's THISANDPRIOR, which RFC 5545 §3.2.13 took away.
                ? new(SkipCode.NotSupportedYet, $"RANGE={TextValues.Short(range)} is not supported: only THISANDFUTURE is")
            : null;
        return fault is null ? new(time!.Value, zone, EventTimes.IsDate(line)) { AndFuture = line.Has("RANGE", "THISANDFUTURE") } : null;
    }
}

/// <summary>An occurrence on the wall of its series that lasts as long as it says itself.</summary>
public sealed record AddedPeriod(LocalDateTime Start, NominalDuration Duration);
