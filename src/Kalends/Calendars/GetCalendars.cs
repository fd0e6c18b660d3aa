using Kalends.Messages;
using Kalends.Storage;

namespace Kalends.Calendars;

/// <summary>What is known of calendars: of those named, or page by page of all, by name; none of which the caller may see nothing.</summary>
public sealed record GetCalendars : PagedQuery<GetCalendarsResult>
{
    public const int MostNamed = 500;

    /// <summary>Only these; a calendar that nobody ever wrote to is left out.</summary>
    public IReadOnlyList<CalendarId>? Calendars { get; init; }

    public CalendarKind? Kind { get; init; }

    public override void Validate(Errors errors)
    {
        base.Validate(errors);
        errors.Require(Calendars is null || Calendars.Count <= MostNamed, "calendars", $"must name at most {MostNamed} calendars");
    }

    public override async ValueTask<Outcome<GetCalendarsResult>> Execute(QueryContext context)
    {
        var cursor = await Cursors.Read<GetCalendarsResult, Place>(this, context);
        if (cursor.Refusal is { } refusal)
        {
            return refusal;
        }

        var found = Calendars is null ? await Page(context, cursor.Value?.After) : await Named(context, Calendars, cursor.Value?.After);
        var page = found.Take(LimitInForce).ToList();
        return new GetCalendarsResult(
            [.. await Shown(context, page)],
            found.Count > page.Count ? await Cursors.Write(this, context, new Place(page[^1].Id)) : null);
    }

    private async ValueTask<List<Calendar>> Named(QueryContext context, IReadOnlyList<CalendarId> named, CalendarId? after)
    {
        var found = (await context.Rows<ICalendarRows>().Find(named)).Values
            .Where(calendar => (Kind is null || calendar.Kind == Kind) && (after is null || calendar.Id > after));
        return [.. (await Visible(context, [.. found])).OrderBy(calendar => calendar.Id).Take(LimitInForce + 1)];
    }

    /// <summary>A page and one more. Those that the caller may not know of take no place on it.</summary>
    private async ValueTask<List<Calendar>> Page(QueryContext context, CalendarId? after)
    {
        var visible = new List<Calendar>();
        while (true)
        {
            context.Stopped.ThrowIfCancellationRequested();
            var wanted = LimitInForce + 1 - visible.Count;
            var read = await context.Rows<ICalendarRows>().Page(Kind, after, wanted);
            visible.AddRange(await Visible(context, read));
            if (read.Count < wanted || visible.Count > LimitInForce)
            {
                return visible;
            }

            after = read[^1].Id;
        }
    }

    /// <summary>Addresses to who may modify a calendar, and to nobody else.</summary>
    private static async ValueTask<IEnumerable<CalendarView>> Shown(QueryContext context, List<Calendar> page)
    {
        var access = await context.Decide([.. page.Select(calendar => calendar.Id)]);
        return page.Select(calendar => CalendarView.Of(access.May(Permission.Modify, calendar.Id) ? calendar : calendar with { Email = null, Phone = null }));
    }

    private static async ValueTask<IEnumerable<Calendar>> Visible(QueryContext context, IReadOnlyList<Calendar> calendars)
    {
        var access = await context.Decide([.. calendars.Select(calendar => calendar.Id)]);
        return calendars.Where(calendar => access.May(Permission.ViewFreeBusy, calendar.Id));
    }

    private sealed record Place(CalendarId After);
}

public sealed record GetCalendarsResult(IReadOnlyList<CalendarView> Calendars, string? Cursor);

/// <summary>A calendar as answers show it.</summary>
public sealed record CalendarView
{
    public required CalendarId Calendar { get; init; }

    public required CalendarKind Kind { get; init; }

    public string? Name { get; init; }

    public string? TimeZone { get; init; }

    public required DoubleBooking DoubleBooking { get; init; }

    public int? Capacity { get; init; }

    public IReadOnlyList<string>? Features { get; init; }

    public string? Site { get; init; }

    public string? Email { get; init; }

    public string? Phone { get; init; }

    public required long Version { get; init; }

    public static CalendarView Of(Calendar calendar) => new()
    {
        Calendar = calendar.Id,
        Kind = calendar.Kind,
        Name = calendar.Name,
        TimeZone = calendar.TimeZone,
        DoubleBooking = calendar.DoubleBooking,
        Capacity = calendar.Capacity,
        Features = calendar.Features.Count > 0 ? calendar.Features : null,
        Site = calendar.Site,
        Email = calendar.Email,
        Phone = calendar.Phone,
        Version = calendar.Version,
    };
}
