using Kalends.Messages;
using Kalends.Storage;
using Kalends.Time;

namespace Kalends.Availability;

/// <summary>
/// States when a calendar can be had, in the place of all that was stated before. No open hours and no exceptions: always open, as a
/// calendar that nobody set any for. What lies outside stays bookable by who means it; searches keep to open hours unless told otherwise.
/// </summary>
public sealed record SetOpenHours : Command<OpenHoursSet>
{
    public required CalendarId Calendar { get; init; }

    public required string TimeZone { get; init; }

    public required IReadOnlyList<RecurringHours> OpenHours { get; init; }

    public IReadOnlyList<ExceptedDates>? Except { get; init; }

    /// <summary>When given, done only against that version; 0 where none were ever set.</summary>
    public long? Version { get; init; }

    public override object TrailData => this;

    public override void Validate(Errors errors)
    {
        errors.Require(Zones.Canonical(TimeZone) is not null, "timeZone", "is not a time zone that IANA or Windows knows");
        OpenHoursChecks.Check(OpenHours, Except ?? [], errors);
    }

    /// <summary>A calendar's hours are set by who may modify it; a room's or a group's that nobody was given to own or edit, by any writer.</summary>
    public override IEnumerable<Need> Needs(Caller caller) =>
        Calendar.ImpliedKind == CalendarKind.User ? [new(Calendar, Permission.Modify, "/calendar")] : [];

    public override async ValueTask<Outcome<OpenHoursSet>> Execute(CommandContext context)
    {
        var calendars = context.Rows<ICalendarWrites>();
        var known = (await calendars.Find([Calendar])).GetValueOrDefault(Calendar);
        if (!MaySet(Calendar, known, (await context.Decide([Calendar])).On(Calendar), await context.Unclaimed([Calendar])))
        {
            return Refusal.At(RefusalCode.Forbidden, "/calendar", $"{context.Caller.Person} may not change the calendar {Calendar}");
        }

        var key = (await calendars.Lock([Calendar]))[Calendar].Key;
        var rows = context.Rows<IOpenHoursWrites>();
        var before = (await rows.Find([key])).SingleOrDefault()?.Version ?? 0;
        if (Version is not null && Version != before)
        {
            return Refusal.At(RefusalCode.StaleVersion, "/version", $"is {Version}, but these open hours have version {before}; read them again");
        }

        var stated = new OpenHours
        {
            TimeZone = Zones.Canonical(TimeZone)!,
            Recurring = OpenHours,
            Except = Except is { Count: > 0 } ? Except : null,
        };
        await rows.Save(new(key, before + 1, stated.ToJson()));
        context.Touch([key]);
        return new OpenHoursSet(before + 1);
    }

    /// <summary>The one rule for who may set open hours, and so for who sees all of them.</summary>
    public static bool MaySet(CalendarId id, Calendar? known, Permission permission, IReadOnlySet<CalendarId> unclaimed) =>
        permission == Permission.Modify || (unclaimed.Contains(id) && known?.Kind != CalendarKind.User);
}

public sealed record OpenHoursSet(long Version);
