using Kalends.Messages;
using Kalends.Storage;

namespace Kalends.Bench.Access;

/// <summary>What stands in for no permissions at all: one's own calendar, details of all others, and nothing is looked up.</summary>
internal sealed class OwnCalendarOnly : IPermissions
{
    public ValueTask<Messages.Access> Decide(Caller caller, IReadOnlyCollection<CalendarId> calendars, IReadSession session) =>
        ValueTask.FromResult(new Messages.Access(calendars.ToDictionary(
            id => id, id => id == caller.Person || caller.Scopes.HasFlag(Scopes.Admin) ? Permission.Modify : Permission.ViewDetails)));

    public Guess? Recall(Caller caller, IReadOnlyCollection<CalendarId> calendars) => new(new(calendars.ToDictionary(
        id => id, id => id == caller.Person || caller.Scopes.HasFlag(Scopes.Admin) ? Permission.Modify : Permission.ViewDetails)), null);
}
