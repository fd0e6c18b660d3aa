using Kalends.Messages;
using Kalends.Storage;

namespace Kalends.Permissions;

/// <summary>What kind of object, and which relations one can have to it.</summary>
public sealed record ObjectKind(string Name, IReadOnlyList<string> Relations);

/// <summary>
/// How relations make permissions. <c>modify = owner + editor</c>; <c>view-details = modify + viewer</c>; <c>view-free-busy = view-details +
/// free-busy-viewer</c>; each of a calendar also where everyone has it of the tenant, unless the calendar is restricted. Owners say who has
/// which relation. Whoever a calendar is named after owns it.
/// </summary>
public static class AccessSchema
{
    public const string CalendarPrefix = "calendar:";
    public const string GroupPrefix = "group:";
    public const string TenantPrefix = "tenant:";

    public const string Owner = "owner";
    public const string Editor = "editor";
    public const string Viewer = "viewer";
    public const string FreeBusyViewer = "free-busy-viewer";
    public const string Member = "member";

    /// <summary>On a calendar: what everyone has of the tenant does not hold here.</summary>
    public const string Restricted = "restricted";

    /// <summary>As a subject: whoever is of the tenant.</summary>
    public const string Everyone = "user:*";

    public const string ObjectForm = "must be calendar:ID, group:NAME or tenant:NAME, such as calendar:user:ana";

    public const string SubjectForm = "must be an id such as user:ben or app:crm, the members of a group such as group:eng#member, or user:*";

    /// <summary>Groups in groups: an organisation has six levels; more is a mistake, and beyond it nobody is looked for.</summary>
    public const int DeepestGroups = 8;

    /// <summary>Who asks is a person, the app they ask through, and everyone.</summary>
    public const int MostSubjects = 3;

    private const string Members = "#member";

    private static readonly ObjectKind Calendars = new("calendar", [Owner, Editor, Viewer, FreeBusyViewer, Restricted]);

    private static readonly ObjectKind Groups = new("group", [Owner, Member]);

    private static readonly ObjectKind Tenants = new("tenant", [Editor, Viewer, FreeBusyViewer]);

    /// <summary>What everyone of a tenant may do with its calendars until somebody states it: what a company's calendar is for.</summary>
    public static Permission UnlessStated => Permission.ViewDetails;

    public static string Calendar(CalendarId id) => CalendarPrefix + id.Value;

    public static string Tenant(string name) => TenantPrefix + name;

    public static string MembersOf(string group) => group + Members;

    /// <summary>The group of a subject that is all its members, else null.</summary>
    public static string? GroupOf(string subject) => subject.EndsWith(Members, StringComparison.Ordinal) ? subject[..^Members.Length] : null;

    /// <summary>The calendar that an object is, or null.</summary>
    public static CalendarId? CalendarOf(string objectName) =>
        objectName.StartsWith(CalendarPrefix, StringComparison.Ordinal) ? new CalendarId(objectName[CalendarPrefix.Length..]) : null;

    /// <summary>Null for what is no object.</summary>
    public static ObjectKind? KindOf(string objectName) => objectName switch
    {
        _ when Names(objectName, CalendarPrefix) => objectName.Length - CalendarPrefix.Length <= CalendarId.LongestId ? Calendars : null,
        _ when objectName.Contains('#', StringComparison.Ordinal) => null,
        _ when Names(objectName, GroupPrefix) => Groups,
        _ when Names(objectName, TenantPrefix) => Tenants,
        _ => null,
    };

    public static bool IsSubject(string subject) => GroupOf(subject) is { } group
        ? Names(group, GroupPrefix) && !group.Contains('#', StringComparison.Ordinal)
        : !subject.Contains('#', StringComparison.Ordinal) && !subject.StartsWith(GroupPrefix, StringComparison.Ordinal);

    /// <summary>Who a caller is to the relations. An app is the subject where it calls for itself, not where a person calls through it.</summary>
    public static IReadOnlyList<string> SubjectsOf(Caller caller) => caller.Person.ImpliedKind == CalendarKind.User
        ? [caller.Person.Value]
        : [.. new[] { caller.Person.Value, "app:" + caller.App }.Distinct()];

    public static Permission Gives(string relation) => relation switch
    {
        Owner or Editor => Permission.Modify,
        Viewer => Permission.ViewDetails,
        FreeBusyViewer => Permission.ViewFreeBusy,
        _ => Permission.None,
    };

    private static bool Names(string text, string prefix) => text.StartsWith(prefix, StringComparison.Ordinal) && text.Length > prefix.Length;
}
