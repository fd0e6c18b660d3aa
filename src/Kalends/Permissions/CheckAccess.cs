using Kalends.Messages;
using Kalends.Storage;

namespace Kalends.Permissions;

/// <summary>
/// What the caller, or another subject, may do with up to 500 calendars, and by which grant. Of another only on calendars that are the caller's to give
/// away.
/// </summary>
public sealed record CheckAccess : Query<CheckedAccess>
{
    public const int MostCalendars = 500;

    public required IReadOnlyList<CalendarId> Calendars { get; init; }

    /// <summary>The caller when absent.</summary>
    public string? Subject { get; init; }

    public override void Validate(Errors errors)
    {
        errors.Require(Calendars.Count > 0, "calendars", "must name at least one calendar");
        errors.AtMost(MostCalendars, Calendars.Count, "calendars");
        errors.Require(Subject is null || AccessSchema.IsSubject(Subject), "subject", AccessSchema.SubjectForm);
    }

    public override async ValueTask<Outcome<CheckedAccess>> Execute(QueryContext context)
    {
        List<CalendarId> once = [.. Calendars.Distinct()];
        if (Subject is not null && Subject != context.Caller.Person.Value && await RefuseOthers(context) is { } refusal)
        {
            return refusal;
        }

        var caller = Subject is null ? context.Caller : context.Caller with { Person = new(Subject), App = "", Scopes = Scopes.Read };
        IReadOnlyList<string> subjects = Subject is null ? AccessSchema.SubjectsOf(caller) : [Subject];
        var rows = context.Rows<IRelationRows>();
        var tenant = AccessSchema.Tenant(caller.Tenant);
        List<string> asked = [.. once.Select(AccessSchema.Calendar), tenant];
        var standing = new Standing(
            await rows.State(), new(await rows.HeldBy(subjects, asked, int.MaxValue)),
            new(await rows.HeldBy([AccessSchema.Everyone], asked, int.MaxValue)));
        var access = Subject is null ? await context.Decide(once) : standing.On(caller, once);
        var ways = await AccessPaths.Up(rows, [.. subjects, AccessSchema.Everyone], asked.ToHashSet(StringComparer.Ordinal));
        return new CheckedAccess([.. once.Select(id => new CheckedCalendar(
            id, access.On(id), Way(access.On(id), [.. ways[AccessSchema.Calendar(id)], .. ways[tenant]])))]);
    }

    private async ValueTask<Refusal?> RefuseOthers(QueryContext context)
    {
        var owned = await Ownership.Of(context, [.. Calendars.Select(AccessSchema.Calendar)]);
        var errors = new Errors();
        for (var index = 0; index < Calendars.Count; index++)
        {
            if (!owned.Contains(AccessSchema.Calendar(Calendars[index])))
            {
                errors.In("calendars", index).Add(
                    RefusalCode.Forbidden, $"{context.Caller.Person} may not see who has access to {AccessSchema.Calendar(Calendars[index])}");
            }
        }

        return errors.Refusal;
    }

    private static List<string>? Way(Permission permission, IEnumerable<AccessPath> ways) => ways
        .Where(path => permission != Permission.None && AccessSchema.Gives(path.Relation) == permission).MinBy(path => path.Tuples.Count)
        ?.Tuples.Select(tuple => tuple.ToString()).ToList();
}

public sealed record CheckedAccess(IReadOnlyList<CheckedCalendar> Access);

/// <summary>
/// <see cref="Path"/>: the tuples from the calendar, or the tenant, to the subject; absent where no grant is the reason, as for one's own calendar.
/// </summary>
public sealed record CheckedCalendar(CalendarId Calendar, Permission Permission, IReadOnlyList<string>? Path);
