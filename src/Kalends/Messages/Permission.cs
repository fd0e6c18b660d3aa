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

/// <summary>
/// Who may what, decided for all calendars of a request at once. Whatever keeps the relations stands behind it: rows beside the calendars, or a
/// service of their own, such as SpiceDB.
/// </summary>
public interface IPermissions
{
    /// <summary>What holds at the moment that the session sees, or at a later one.</summary>
    ValueTask<Access> Decide(Caller caller, IReadOnlyCollection<CalendarId> calendars, IReadSession session);

    /// <summary>
    /// What was known last, without asking anybody; null where nothing is. The message runs on it and is run anew where it does not hold
    /// (<see cref="StillHolds"/>), so that most messages ask for nothing.
    /// </summary>
    Guess? Recall(Caller caller, IReadOnlyCollection<CalendarId> calendars) => null;

    /// <summary>
    /// Whether a guess of this version is what holds in the session; to be asked after what the message itself asks, for then it costs nothing.
    /// </summary>
    ValueTask<bool> StillHolds(long version, IReadSession session) => ValueTask.FromResult(false);

    /// <summary>Those that nobody was given to own or edit, and that are named after nobody: rooms and groups that are everybody's to set up.</summary>
    ValueTask<IReadOnlySet<CalendarId>> Unclaimed(IReadOnlyCollection<CalendarId> calendars, IReadSession session) =>
        ValueTask.FromResult<IReadOnlySet<CalendarId>>(calendars.Where(id => id.ImpliedKind != CalendarKind.User).ToHashSet());
}

/// <summary>An access, and of which version of the tenant's relations; null where it is of all.</summary>
public sealed record Guess(Access Access, long? Version);

/// <summary>A decision: the caller's permission on each calendar that was asked for.</summary>
public sealed class Access(IReadOnlyDictionary<CalendarId, Permission> decided)
{
    public Permission On(CalendarId calendar) => decided.GetValueOrDefault(calendar);

    public bool May(Permission permission, CalendarId calendar) => On(calendar) >= permission;
}
