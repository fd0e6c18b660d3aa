using Kalends.Storage;

namespace Kalends.Messages;

/// <summary>What a caller may do with a calendar; each includes those before it.</summary>
public enum Permission
{
    None,
    ViewFreeBusy,
    ViewDetails,
    Modify,
}

/// <summary>A permission that a message cannot do without, and the member of the request that makes it needed.</summary>
public readonly record struct Need(CalendarId Calendar, Permission Permission, string Pointer);

/// <summary>Who may what, decided for all calendars of a request at once. The one seam behind which relation tuples will stand.</summary>
public interface IPermissions
{
    ValueTask<Access> Decide(Caller caller, IReadOnlyCollection<CalendarId> calendars, CancellationToken stopped);
}

/// <summary>A decision: the caller's permission on each calendar that was asked for.</summary>
public sealed class Access(IReadOnlyDictionary<CalendarId, Permission> decided)
{
    public Permission On(CalendarId calendar) => decided.GetValueOrDefault(calendar);

    public bool May(Permission permission, CalendarId calendar) => On(calendar) >= permission;
}
