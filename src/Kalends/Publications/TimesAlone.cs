using Kalends.Messages;
using Kalends.Storage;

namespace Kalends.Publications;

/// <summary>
/// Of somebody who sees of every calendar when it is taken, and nothing else: whatever is handed to whom nobody knows is judged by it.
/// </summary>
public sealed class TimesAlone : IPermissions
{
    /// <summary>Who that is: no calendar has this name, so nothing is theirs.</summary>
    public static readonly CalendarId Nobody = new("");

    public ValueTask<Access> Decide(Caller caller, IReadOnlyCollection<CalendarId> calendars, IReadSession session) =>
        ValueTask.FromResult(new Access(calendars.ToDictionary(calendar => calendar, _ => Permission.ViewFreeBusy)));
}
