using Kalends.Messages;
using Kalends.Storage;

namespace Kalends.Permissions;

/// <summary>
/// The rule until relation tuples replace it: you may modify your own calendar, everybody of the tenant sees details, and a token
/// with the scope kalends.admin may modify every calendar of its tenant.
/// </summary>
public sealed class OwnCalendarOnly : IPermissions
{
    public ValueTask<Access> Decide(Caller caller, IReadOnlyCollection<CalendarId> calendars, IReadSession session)
    {
        var decided = new Dictionary<CalendarId, Permission>(calendars.Count);
        foreach (var calendar in calendars)
        {
            decided[calendar] = calendar == caller.Person || caller.Scopes.HasFlag(Scopes.Admin) ? Permission.Modify : Permission.ViewDetails;
        }

        return ValueTask.FromResult(new Access(decided));
    }
}
