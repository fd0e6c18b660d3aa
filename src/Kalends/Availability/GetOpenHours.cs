using Kalends.Messages;
using Kalends.Storage;

namespace Kalends.Availability;

/// <summary>
/// What was stated of calendars' open hours, as <c>set-open-hours</c> takes it back. Exceptions are shown to who may set them only: others
/// see those dates closed, as they see a secret appointment, and must not be able to tell the one from the other.
/// </summary>
public sealed record GetOpenHours : Query<FoundOpenHours>
{
    public required IReadOnlyList<CalendarId> Calendars { get; init; }

    public override void Validate(Errors errors)
    {
        errors.Require(Calendars.Count > 0, "calendars", "must name at least one calendar");
        errors.AtMost(QueryLimits.Attendees, Calendars.Count, "calendars");
    }

    public override async ValueTask<Outcome<FoundOpenHours>> Execute(QueryContext context)
    {
        var asked = await AskedCalendars.Find(context, Calendars);
        List<long> keys = [.. asked.Keys.Where(key => key != AskedCalendars.NoKey)];
        var stored = (await context.Rows<IOpenHoursRows>().Find(keys)).ToDictionary(row => row.Calendar);
        var unclaimed = await context.Unclaimed(asked.Visible);
        return new FoundOpenHours(
            [.. asked.Visible.Zip(asked.Keys, (id, key) => Show(id, asked, stored.GetValueOrDefault(key), unclaimed))], asked.UnknownOrNull);
    }

    private static CalendarOpenHours Show(CalendarId id, AskedCalendars asked, OpenHoursRow? row, IReadOnlySet<CalendarId> unclaimed)
    {
        var calendar = asked.Rows.GetValueOrDefault(id);
        if (row is null)
        {
            return new(id, calendar?.ZoneOrUtc ?? "UTC", [], null, 0);
        }

        var stated = OpenHours.Read(row.Json);
        var except = SetOpenHours.MaySet(id, calendar, asked.Sight.On(id), unclaimed) ? stated.Except : null;
        return new(id, stated.TimeZone, stated.Recurring, except, row.Version);
    }
}

public sealed record FoundOpenHours(IReadOnlyList<CalendarOpenHours> Calendars, IReadOnlyList<UnknownCalendar>? Unknown);

/// <summary>No open hours and no exceptions: always open. The version is 0 where none were ever set.</summary>
public sealed record CalendarOpenHours(
    CalendarId Calendar, string TimeZone, IReadOnlyList<RecurringHours> OpenHours, IReadOnlyList<ExceptedDates>? Except, long Version);
