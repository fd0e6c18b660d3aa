using Kalends.Messages;

namespace Kalends.Permissions;

/// <summary>What somebody has, by object: the strongest permission that their relations give them, and what is restricted.</summary>
public sealed class HeldRelations
{
    private readonly Dictionary<string, Permission> permissions = new(StringComparer.Ordinal);
    private readonly HashSet<string> restricted = new(StringComparer.Ordinal);

    public HeldRelations(IEnumerable<HeldRelation> held)
    {
        foreach (var (objectName, relation) in held)
        {
            if (relation == AccessSchema.Restricted)
            {
                restricted.Add(objectName);
            }
            else if (AccessSchema.Gives(relation) is var given && given > On(objectName))
            {
                permissions[objectName] = given;
            }
        }
    }

    public Permission On(string objectName) => permissions.GetValueOrDefault(objectName);

    public bool IsRestricted(string objectName) => restricted.Contains(objectName);
}

/// <summary>All that decides over one person's requests, at one version of the tenant's relations.</summary>
public sealed record Standing(RelationsState State, HeldRelations Own, HeldRelations Everyones)
{
    public Access On(Caller caller, IReadOnlyCollection<Storage.CalendarId> calendars)
    {
        var tenant = AccessSchema.Tenant(caller.Tenant);
        var unlessStated = State.IsDefaultStated ? Permission.None : AccessSchema.UnlessStated;
        var everywhere = Strongest(Strongest(Own.On(tenant), Everyones.On(tenant)), unlessStated);
        var decided = new Dictionary<Storage.CalendarId, Permission>(calendars.Count);
        foreach (var id in calendars)
        {
            var name = AccessSchema.Calendar(id);
            var here = Strongest(Own.On(name), Everyones.On(name));
            decided[id] = id == caller.Person ? Permission.Modify : Everyones.IsRestricted(name) ? here : Strongest(here, everywhere);
        }

        return new(decided);
    }

    private static Permission Strongest(Permission one, Permission other) => one > other ? one : other;
}
