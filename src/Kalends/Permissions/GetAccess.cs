using Kalends.Messages;
using Kalends.Storage;

namespace Kalends.Permissions;

/// <summary>
/// Who may do what with a calendar, a group or the tenant, and through which grants: everybody that is named or is a member of what is named, by subject.
/// For whom the object belongs to.
/// </summary>
public sealed record GetAccess : PagedQuery<FoundAccess>
{
    public CalendarId? Calendar { get; init; }

    /// <summary>In the place of a calendar: <c>group:eng</c>, <c>tenant:acme</c>, or <c>calendar:…</c>.</summary>
    public string? Object { get; init; }

    private string Name => Object ?? AccessSchema.Calendar(Calendar!.Value);

    public override void Validate(Errors errors)
    {
        base.Validate(errors);
        errors.Require((Calendar is null) != (Object is null), "calendar", "or object must be given, and not both");
        errors.Require(Object is null || AccessSchema.KindOf(Object) is not null, "object", AccessSchema.ObjectForm);
    }

    public override async ValueTask<Outcome<FoundAccess>> Execute(QueryContext context)
    {
        var pointer = Object is null ? "/calendar" : "/object";
        if ((await Ownership.Of(context, [Name])).Count == 0)
        {
            return Refusal.At(RefusalCode.Forbidden, pointer, $"{context.Caller.Person} may not see who has access to {Name}");
        }

        var cursor = await Cursors.Read<FoundAccess, Place>(this, context);
        if (cursor.Refusal is { } refusal)
        {
            return refusal;
        }

        if (await Find(context) is not { } all)
        {
            return Refusal.At(
                RefusalCode.TooLarge, pointer, $"is given to more than {AccessPaths.MostTuples} by way of groups; ask for the groups one by one");
        }

        var left = all.Where(one => cursor.Value is not { } after || string.CompareOrdinal(KeyOf(one), after.After) > 0).ToList();
        var page = left.Take(LimitInForce).ToList();
        return new FoundAccess(page, left.Count > page.Count ? await Cursors.Write(this, context, new Place(KeyOf(page[^1]))) : null);
    }

    private async ValueTask<List<GrantedAccess>?> Find(QueryContext context)
    {
        var rows = context.Rows<IRelationRows>();
        if (await AccessPaths.Down(rows, Name) is not { } paths)
        {
            return null;
        }

        var all = paths.Select(GrantedAccess.Of).ToList();
        if (AccessSchema.CalendarOf(Name) is { } calendar)
        {
            all.Add(new(calendar.Value, AccessSchema.Owner, Permission.Modify, []));
            if (!paths.Any(path => path.Relation == AccessSchema.Restricted))
            {
                if (await OfTenant(rows, context.Caller.Tenant) is not { } everywhere)
                {
                    return null;
                }

                all.AddRange(everywhere);
            }
        }

        return [.. all.OrderBy(KeyOf, StringComparer.Ordinal)];
    }

    /// <summary>What holds for all calendars, said or unsaid.</summary>
    private static async ValueTask<IEnumerable<GrantedAccess>?> OfTenant(IRelationRows rows, string tenant)
    {
        var name = AccessSchema.Tenant(tenant);
        var unsaid = new RelationTuple { Object = name, Relation = AccessSchema.Viewer, Subject = AccessSchema.Everyone };
        return (await rows.State()).IsDefaultStated
            ? (await AccessPaths.Down(rows, name))?.Select(GrantedAccess.Of)
            : [GrantedAccess.Of(new(name, unsaid.Relation, unsaid.Subject, [unsaid]))];
    }

    private static string KeyOf(GrantedAccess one) => $"{one.Subject}\n{string.Join('\n', one.Path)}";

    private sealed record Place(string After);
}

public sealed record FoundAccess(IReadOnlyList<GrantedAccess> Access, string? Cursor);

/// <summary>
/// What a subject has, and why: <see cref="Path"/> are the tuples from the object to the subject; none where the calendar is named after the subject.
/// The permission is none for a relation that gives none, such as a membership.
/// </summary>
public sealed record GrantedAccess(string Subject, string Relation, Permission Permission, IReadOnlyList<string> Path)
{
    internal static GrantedAccess Of(AccessPath path) =>
        new(path.Subject, path.Relation, AccessSchema.Gives(path.Relation), [.. path.Tuples.Select(tuple => tuple.ToString())]);
}
