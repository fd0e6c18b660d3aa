using Kalends.Messages;

namespace Kalends.Permissions;

public static class PermissionsCatalogue
{
    public static IReadOnlyList<CatalogueEntry> Entries { get; } =
    [
        new CommandEntry<GrantAccess, ChangedAccess>("grant-access", "Gives people, apps and groups relations to calendars, groups and the tenant")
        {
            Limits = [new("relationships-per-call", RelationChanges.PerCall, "items", "a department; more come in several calls")],
        },
        new CommandEntry<RevokeAccess, ChangedAccess>("revoke-access", "Takes relations back"),
        new QueryEntry<GetAccess, FoundAccess>("get-access", "Who may do what with a calendar, a group or the tenant, and through which grants"),
        new QueryEntry<CheckAccess, CheckedAccess>("check-access", "What somebody may do with calendars, and through which grant"),
    ];
}
