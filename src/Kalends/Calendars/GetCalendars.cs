using Kalends.Messages;
using Kalends.Storage;

namespace Kalends.Calendars;

/// <summary>What is known of calendars: of those named, or page by page of all, by name.</summary>
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

        var rows = context.Rows<ICalendarRows>();
        var found = Calendars is null
            ? await rows.Page(Kind, cursor.Value?.After, LimitInForce + 1)
            : [.. (await rows.Find(Calendars)).Values
                .Where(calendar => (Kind is null || calendar.Kind == Kind) && (cursor.Value is null || calendar.Id > cursor.Value.After))
                .OrderBy(calendar => calendar.Id).Take(LimitInForce + 1)];
        var page = found.Take(LimitInForce).ToList();
        return new GetCalendarsResult(
            [.. page.Select(CalendarView.Of)],
            found.Count > page.Count ? await Cursors.Write(this, context, new Place(page[^1].Id)) : null);
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
        Version = calendar.Version,
    };
}
