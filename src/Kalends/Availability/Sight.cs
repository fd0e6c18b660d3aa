using Kalends.Messages;
using Kalends.Storage;

namespace Kalends.Availability;

/// <summary>What a caller sees of one attendance; each shows more than those before it.</summary>
public enum Seen
{
    /// <summary>Nothing at all, not even that there is a calendar.</summary>
    Nothing,

    /// <summary>That the time cannot be had, as if it were outside open hours.</summary>
    Unavailable,

    /// <summary>A busy block: when, and how busy.</summary>
    BusyBlock,

    Details,
}

/// <summary>
/// Decides what one caller sees. Who may modify a calendar, or owns the appointment, sees all of it; private shows others a busy
/// block; secret shows them an unavailable time.
/// </summary>
public sealed class Sight(Access access, long? callerKey)
{
    public Seen Of(Attendance attendance, CalendarId calendar) => Of(attendance, access.On(calendar));

    public Permission On(CalendarId calendar) => access.On(calendar);

    /// <summary>The same where the permission on the calendar is known already, as when many rows of one calendar are looked at.</summary>
    public Seen Of(Attendance attendance, Permission permission) => permission switch
    {
        Permission.Modify => Seen.Details,
        Permission.None => Seen.Nothing,
        _ when attendance.Owner == callerKey => Seen.Details,
        _ when attendance.Privacy == Privacy.Secret => Seen.Unavailable,
        Permission.ViewDetails when attendance.Privacy == Privacy.Public => Seen.Details,
        _ => Seen.BusyBlock,
    };

    /// <summary>For all these calendars at once; the rows must hold the caller's own calendar when it is known.</summary>
    public static async ValueTask<Sight> Over(QueryContext context, IReadOnlyDictionary<CalendarId, Calendar> calendars) =>
        new(await context.Decide([.. calendars.Keys]), calendars.GetValueOrDefault(context.Caller.Person)?.Key);
}
