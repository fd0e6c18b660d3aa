namespace Kalends.Storage;

public enum CalendarKind
{
    User,
    Group,
    Room,
    Other,
}

/// <summary>Whether two appointments that block may lie on one another in a calendar. Rooms refuse unless told otherwise.</summary>
public enum DoubleBooking
{
    Allow,
    Refuse,
}

/// <summary>
/// A calendar's row, the spine of the store. <see cref="Key"/> is its small number inside one tenant; <see cref="Version"/> counts what was
/// changed in it, one for each appointment changed, so a copy stamped with it is known to be fresh or not.
/// </summary>
public sealed record Calendar
{
    public required long Key { get; init; }

    public required CalendarId Id { get; init; }

    public long Version { get; init; }

    public required CalendarKind Kind { get; init; }

    public string? Name { get; init; }

    /// <summary>IANA name; null counts as UTC. All-day appointments are whole days in it.</summary>
    public string? TimeZone { get; init; }

    public required DoubleBooking DoubleBooking { get; init; }

    /// <summary>How many people a room seats.</summary>
    public int? Capacity { get; init; }

    public IReadOnlyList<string> Features { get; init; } = [];

    public string? Site { get; init; }

    /// <summary>Where whoever it belongs to is reminded by email.</summary>
    public string? Email { get; init; }

    /// <summary>Where by SMS: E.164, such as +33612345678.</summary>
    public string? Phone { get; init; }

    public string ZoneOrUtc => TimeZone ?? "UTC";

    /// <summary>How a calendar begins that somebody named before anybody saved it.</summary>
    public static Calendar Implied(CalendarId id) => new()
    {
        Key = 0,
        Id = id,
        Kind = id.ImpliedKind,
        DoubleBooking = id.ImpliedKind == CalendarKind.Room ? DoubleBooking.Refuse : DoubleBooking.Allow,
    };
}
