using Kalends.Messages;
using Kalends.Storage;

namespace Kalends.Permissions;

/// <summary>
/// Decides by the relation tuples that are stored beside the calendars, in one query for all calendars of a request. What a person has is remembered
/// at the version of the tenant's relations, so that most requests ask for nothing; the version is looked at in each.
/// </summary>
public sealed class RelationPermissions : IPermissions
{
    /// <summary>Somebody with more has what is not worth remembering; they are asked about for what each request names.</summary>
    private const int MostOfOne = 1_000;

    /// <summary>Calendars that are restricted, or granted to everyone by name.</summary>
    private const int MostOfEveryone = 20_000;

    private readonly KnownRelations known = new();

    public async ValueTask<Access> Decide(Caller caller, IReadOnlyCollection<CalendarId> calendars, IReadSession session)
    {
        if (NeedNotAsk(caller, calendars) is { } certain)
        {
            return certain;
        }

        var (rows, subjects) = (session.Rows<IRelationRows>(), AccessSchema.SubjectsOf(caller));
        var state = await rows.State();
        if (known.Last(caller.Tenant, subjects) is { } last && last.State == state)
        {
            return last.On(caller, calendars);
        }

        return (await Find(rows, state, caller, subjects, calendars)).On(caller, calendars);
    }

    public Guess? Recall(Caller caller, IReadOnlyCollection<CalendarId> calendars) =>
        NeedNotAsk(caller, calendars) is { } certain ? new(certain, null)
        : known.Last(caller.Tenant, AccessSchema.SubjectsOf(caller)) is { } last ? new(last.On(caller, calendars), last.State.Version)
        : null;

    public async ValueTask<bool> StillHolds(long version, IReadSession session) => (await session.Rows<IRelationRows>().State()).Version == version;

    public async ValueTask<IReadOnlySet<CalendarId>> Unclaimed(IReadOnlyCollection<CalendarId> calendars, IReadSession session)
    {
        var unnamed = calendars.Where(id => id.ImpliedKind != CalendarKind.User).ToHashSet();
        if (unnamed.Count > 0)
        {
            var claims = await session.Rows<IRelationRows>().Of([.. unnamed.Select(AccessSchema.Calendar)], int.MaxValue);
            unnamed.ExceptWith(claims.Where(tuple => AccessSchema.Gives(tuple.Relation) == Permission.Modify)
                .Select(tuple => AccessSchema.CalendarOf(tuple.Object)!.Value));
        }

        return unnamed;
    }

    private async ValueTask<Standing> Find(
        IRelationRows rows, RelationsState state, Caller caller, IReadOnlyList<string> subjects, IReadOnlyCollection<CalendarId> calendars)
    {
        var own = state.Version == 0 ? [] : await rows.HeldBy(subjects, null, MostOfOne + 1);
        var everyones = known.Everyones(caller.Tenant, state.Version)
            ?? (state.Version == 0 ? new([]) : await Everyones(rows));
        if (own.Count <= MostOfOne && everyones is not null)
        {
            var standing = new Standing(state, new(own), everyones);
            known.Keep(caller.Tenant, subjects, standing);
            return standing;
        }

        List<string> asked = [.. calendars.Select(AccessSchema.Calendar), AccessSchema.Tenant(caller.Tenant)];
        return new(
            state, new(await rows.HeldBy(subjects, asked, int.MaxValue)),
            everyones ?? new(await rows.HeldBy([AccessSchema.Everyone], asked, int.MaxValue)));
    }

    /// <summary>Null when there are more than are worth remembering.</summary>
    private static async ValueTask<HeldRelations?> Everyones(IRelationRows rows)
    {
        var held = await rows.HeldBy([AccessSchema.Everyone], null, MostOfEveryone + 1);
        return held.Count <= MostOfEveryone ? new(held) : null;
    }

    /// <summary>What no relation changes: one's own calendar, and a token that may administer the tenant.</summary>
    private static Access? NeedNotAsk(Caller caller, IReadOnlyCollection<CalendarId> calendars) =>
        caller.Scopes.HasFlag(Scopes.Admin) || calendars.All(id => id == caller.Person)
            ? new(calendars.ToDictionary(id => id, _ => Permission.Modify))
            : null;
}
