using Kalends.Availability;
using Kalends.Messages;
using Kalends.Storage;
using Kalends.Time;
using NodaTime;

namespace Kalends.Audit;

/// <summary>
/// How Kalends is used, by day (UTC): whose calendars are viewed by whom, and how many appointments come and go, by people and by services, one-off or
/// recurring, through which application. An administrator is told of everything of the tenant, others of calendars that they may modify.
/// </summary>
public sealed record GetEngagement : PagedQuery<Engagement>
{
    /// <summary>A quarter of a year: the trail of it is counted anew each time.</summary>
    private const int LongestDays = 92;

    /// <summary>Days, times four, times applications: only a tenant of very many applications has more.</summary>
    private const int MostCounts = 20_000;

    /// <summary>Every day that it touches is counted whole.</summary>
    public required Timespan Timespan { get; init; }

    public IReadOnlyList<CalendarId>? Calendars { get; init; }

    /// <summary>What a page of a table draws at most.</summary>
    protected override int MostPerPage => 5_000;

    public override void Validate(Errors errors)
    {
        base.Validate(errors);
        errors.Require(Timespan.From < Timespan.To, "timespan", "from must be before to");
        errors.Require((Timespan.To - Timespan.From).TotalDays <= LongestDays, "timespan", $"must cover at most {LongestDays} days");
        errors.Require(Calendars is not { Count: 0 }, "calendars", "must name at least one calendar, or be left out by an administrator");
        errors.AtMost(QueryLimits.Attendees, Calendars?.Count ?? 0, "calendars");
    }

    public override IEnumerable<Need> Needs(Caller caller) => caller.Scopes.HasFlag(Scopes.Admin)
        ? [] : (Calendars ?? []).Select((id, place) => new Need(id, Permission.Modify, $"/calendars/{place}"));

    public override async ValueTask<Outcome<Engagement>> Execute(QueryContext context)
    {
        if (Calendars is null && !context.Caller.Scopes.HasFlag(Scopes.Admin))
        {
            return Refusal.At(
                RefusalCode.Forbidden, "/calendars", $"{context.Caller.Person} may not see the whole tenant: name calendars that they may change");
        }

        var cursor = await Cursors.Read<Engagement, ViewPlace>(this, context);
        if (cursor.Refusal is { } refusal)
        {
            return refusal;
        }

        var keptFrom = (await context.Rows<IRetentionRows>().Dropped())?.KeptFrom;
        var asked = await Question(context, keptFrom);
        var rows = context.Rows<IEngagementRows>();
        var changes = cursor.Value is null ? await rows.Changes(asked, MostCounts + 1) : null;
        if (changes?.Count > MostCounts)
        {
            return Refusal.At(RefusalCode.TooLarge, "/timespan", $"has more than {MostCounts} counts of changes; ask for a shorter time");
        }

        var found = await rows.Views(asked, cursor.Value, LimitInForce + 1);
        var page = found.Take(LimitInForce).ToList();
        return new Engagement(
            [.. page.Select(one => one.Row)], changes, CountedUntil(context.Now),
            found.Count > LimitInForce ? await Cursors.Write(this, context, page[^1].Place) : null, Timespan.From < keptFrom ? keptFrom : null);
    }

    private async ValueTask<EngagementQuestion> Question(QueryContext context, Instant? keptFrom) => new(
        Math.Max(
            EngagementQuestion.DayOf(Timespan.From.InUtc().Date),
            keptFrom is { } kept ? EngagementQuestion.DayOf((kept + Duration.FromDays(1) - Duration.Epsilon).InUtc().Date) : long.MinValue),
        EngagementQuestion.DayOf((Timespan.To - Duration.Epsilon).InUtc().Date) + 1,
        Calendars is null ? null : [.. (await context.Rows<ICalendarRows>().Find([.. Calendars.Distinct()])).Values.Select(calendar => calendar.Key)]);

    /// <summary>Each process writes what it counted after so long, and takes a while for it.</summary>
    private Instant? CountedUntil(Instant now) => now - ViewCounter.Between - ViewCounter.Between is var until && until < Timespan.To ? until : null;
}

/// <param name="Views">A page of them, in order of day.</param>
/// <param name="Changes">With the first page alone.</param>
/// <param name="CountedUntil">Where the timespan goes on beyond it: later views may not be counted yet.</param>
/// <param name="Cursor">Goes on with the views.</param>
/// <param name="KeptFrom">Where the timespan begins before it: nothing is counted of earlier days any more.</param>
public sealed record Engagement(
    IReadOnlyList<CalendarViews> Views, IReadOnlyList<AppointmentCounts>? Changes, Instant? CountedUntil, string? Cursor, Instant? KeptFrom);
