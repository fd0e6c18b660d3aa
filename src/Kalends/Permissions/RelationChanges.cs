using Kalends.Messages;
using Kalends.Storage;

namespace Kalends.Permissions;

/// <summary>What granting and revoking share: who may, and what goes with it.</summary>
internal static class RelationChanges
{
    /// <summary>A department; more come in several calls.</summary>
    public const int PerCall = 1_000;

    public static void Validate(IReadOnlyList<RelationTuple> relationships, Errors errors)
    {
        errors.Require(relationships.Count > 0, "relationships", "must name at least one");
        errors.AtMost(PerCall, relationships.Count, "relationships");
    }

    /// <summary>The same words whether there is such a calendar, group or grant, or not.</summary>
    public static async ValueTask<Refusal?> Refuse(CommandContext context, IReadOnlyList<RelationTuple> relationships)
    {
        var errors = new Errors();
        errors.Each("relationships", relationships, (tuple, at) => tuple.Check(context.Caller.Tenant, at));
        if (errors.Any)
        {
            return errors.Refusal;
        }

        var owned = await Ownership.Of(context, [.. relationships.Select(tuple => tuple.Object)]);
        errors.Each("relationships", relationships, (tuple, at) =>
        {
            if (!owned.Contains(tuple.Object))
            {
                at.In("object").Add(RefusalCode.Forbidden, $"{context.Caller.Person} may not say who has access to {tuple.Object}");
            }
        });
        return errors.Refusal;
    }

    public static async ValueTask<ChangedAccess> Make(
        CommandContext context, IReadOnlyList<RelationTuple> relationships, Func<IRelationWrites, ValueTask<int>> change)
    {
        var calendars = relationships.Select(tuple => AccessSchema.CalendarOf(tuple.Object)).OfType<CalendarId>().Distinct().ToList();
        var locked = calendars.Count > 0 ? await context.Rows<ICalendarWrites>().Lock(calendars) : new Dictionary<CalendarId, Calendar>();
        var rows = context.Rows<IRelationWrites>();
        var state = await rows.Lock();
        var tenant = AccessSchema.Tenant(context.Caller.Tenant);
        var states = relationships.Any(tuple => tuple.Object == tenant);
        if (states && !state.IsDefaultStated)
        {
            // What held unsaid is said, so that it can be taken back.
            await rows.Add([new() { Object = tenant, Relation = AccessSchema.Viewer, Subject = AccessSchema.Everyone }]);
        }

        var changed = await change(rows);
        if (changed > 0 || states)
        {
            await rows.Raise(state.IsDefaultStated || states);
            context.Touch(locked.Values.Select(calendar => calendar.Key));
        }

        return new(changed);
    }
}

/// <summary>Whose objects these are.</summary>
internal static class Ownership
{
    /// <summary>Those among them of which the caller may say who has access.</summary>
    public static async ValueTask<IReadOnlySet<string>> Of(QueryContext context, IReadOnlyCollection<string> objects)
    {
        var caller = context.Caller;
        if (caller.Scopes.HasFlag(Scopes.Admin))
        {
            return objects.ToHashSet(StringComparer.Ordinal);
        }

        var own = objects.Where(name => AccessSchema.CalendarOf(name) == caller.Person).ToHashSet(StringComparer.Ordinal);
        List<string> asked = [.. objects.Where(name => !own.Contains(name)).Distinct(StringComparer.Ordinal)];
        if (asked.Count > 0)
        {
            var held = await context.Rows<IRelationRows>().HeldBy([.. AccessSchema.SubjectsOf(caller), AccessSchema.Everyone], asked, int.MaxValue);
            own.UnionWith(held.Where(one => one.Relation == AccessSchema.Owner).Select(one => one.Object));
        }

        return own;
    }
}
