using Kalends.Storage;

namespace Kalends.Messages;

/// <summary>
/// What was decided while one message runs. From memory where that is known, which is looked at in the end: a message that ran on what does not hold any
/// more changes nothing and is run once more, asking.
/// </summary>
/// <param name="permissions">Who decides.</param>
/// <param name="caller">Who asks.</param>
/// <param name="session">Where.</param>
/// <param name="recalls">False for who runs the second time.</param>
public sealed class Decisions(IPermissions permissions, Caller caller, IReadSession session, bool recalls)
{
    private readonly HashSet<long> guessed = [];
    private readonly List<Access> decided = [];

    public async ValueTask<Access> Decide(IReadOnlyCollection<CalendarId> calendars)
    {
        if (recalls && permissions.Recall(caller, calendars) is { } guess)
        {
            if (guess.Version is { } version)
            {
                guessed.Add(version);
            }

            return Noted(guess.Access);
        }

        return Noted(await permissions.Decide(caller, calendars, session));
    }

    public ValueTask<IReadOnlySet<CalendarId>> Unclaimed(IReadOnlyCollection<CalendarId> calendars) => permissions.Unclaimed(calendars, session);

    /// <summary>False where anything was decided by what does not hold in the session.</summary>
    public async ValueTask<bool> Hold() =>
        guessed.Count == 0 || (guessed.Count == 1 && await permissions.StillHolds(guessed.First(), session));

    /// <summary>What keeps the caller from running the message, or null.</summary>
    public async ValueTask<Refusal?> Refuse<TResult>(Message<TResult> message)
    {
        var needs = message.Needs(caller).ToList();
        if (needs.Count == 0)
        {
            return null;
        }

        var access = await Decide([.. needs.Select(need => need.Calendar).Distinct()]);
        var lacking = needs.Where(need => !access.May(need.Permission, need.Calendar)).Take(Errors.Most)
            .Select(need => new FieldError(need.Pointer, $"{caller.Person} may not {Deed(need.Permission)} {need.Calendar}")).ToList();
        return lacking.Count == 0 ? null : Refusal.At(RefusalCode.Forbidden, lacking);
    }

    /// <summary>Those of these calendars that the caller was found to see something of; nothing more is asked for it.</summary>
    public IReadOnlyCollection<CalendarId> Seen(IEnumerable<CalendarId> calendars) =>
        calendars.Where(id => decided.Exists(access => access.May(Permission.ViewFreeBusy, id))).ToHashSet();

    private Access Noted(Access access)
    {
        decided.Add(access);
        return access;
    }

    private static string Deed(Permission permission) => permission == Permission.Modify ? "change the calendar" : "see the calendar";
}
