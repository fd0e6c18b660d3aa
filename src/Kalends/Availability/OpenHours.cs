using System.Text;
using System.Text.Json.Serialization;
using Kalends.Messages.Json;
using NodaTime;

namespace Kalends.Availability;

/// <summary>
/// When a calendar can be had, as somebody stated it (the meaning is RFC 7953's): recurring hours on the wall of one zone, and dates on
/// which other hours count. This is also what is stored: the UTC of it is worked out whenever somebody asks, so a newer
/// time-zone database needs no recomputing.
/// </summary>
public sealed record OpenHours
{
    /// <summary>IANA name.</summary>
    public required string TimeZone { get; init; }

    /// <summary>Together a union; none at all means that nothing is closed but what an exception closes.</summary>
    [JsonPropertyName("openHours")]
    public required IReadOnlyList<RecurringHours> Recurring { get; init; }

    public IReadOnlyList<ExceptedDates>? Except { get; init; }

    public string ToJson() => Encoding.UTF8.GetString(WireJson.Write(this));

    public static OpenHours Read(string json) => WireJson.Read<OpenHours>(Encoding.UTF8.GetBytes(json));
}

/// <summary>
/// The days are those of the rule (RFC 5545), counted from <see cref="From"/>; each is open from <see cref="Start"/> to <see cref="End"/>.
/// An end that is not after the start is on the next day.
/// </summary>
public sealed record RecurringHours
{
    /// <summary>
    /// What a rule counts from where nothing is said: a Monday, the first of a month and of a year, and the first day that an appointment may
    /// touch (<see cref="Time.LocalSpans.Earliest"/>).
    /// </summary>
    public static readonly LocalDate UsualFrom = new(1900, 1, 1);

    public required string Rule { get; init; }

    public required TimeOfDay Start { get; init; }

    public required TimeOfDay End { get; init; }

    /// <summary>The first day that may be open; INTERVAL and COUNT count from it.</summary>
    public LocalDate? From { get; init; }
}

/// <summary>
/// Dates that have hours of their own, or none, whatever the recurring hours say: one <see cref="Date"/>, or all from <see cref="From"/> up to,
/// and without, <see cref="To"/>; for good where that is absent.
/// </summary>
public sealed record ExceptedDates
{
    public LocalDate? Date { get; init; }

    public LocalDate? From { get; init; }

    public LocalDate? To { get; init; }

    /// <summary>The hours of each of these dates; closed when there are none.</summary>
    public IReadOnlyList<HoursOfDay>? OpenHours { get; init; }

    public LocalDate First => Date ?? From ?? LocalDate.MaxIsoValue;

    /// <summary>The first date after them.</summary>
    public LocalDate End => Date?.PlusDays(1) ?? To ?? LocalDate.MaxIsoValue;
}

public sealed record HoursOfDay
{
    public required TimeOfDay Start { get; init; }

    public required TimeOfDay End { get; init; }
}
