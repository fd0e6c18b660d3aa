using Kalends.Messages;
using Kalends.Storage;
using Kalends.Time;
using NodaTime;

namespace Kalends.Availability;

public enum TentativePolicy
{
    Busy,
    Free,
}

/// <summary>People or rooms of whom some must be free; rooms are a group of which one is required.</summary>
public sealed record OpeningGroup
{
    public required IReadOnlyList<CalendarId> Members { get; init; }

    /// <summary>All when absent.</summary>
    public Quorum? Required { get; init; }
}

/// <summary>
/// Times that suit everybody asked. Without a step: maximal spans, each as long as the same people stay free. With a step: slots
/// of the duration, beginning on whole multiples of the step since 1970 in UTC, so that a wider timespan never answers fewer.
/// </summary>
public sealed record FindOpenings : PagedQuery<FoundOpenings>, IShowsCalendars
{
    public const int MostNearMisses = 100;
    public const int MostGroups = 50;

    /// <summary>Found in far less than a millisecond, and few enough that the first are not waited for.</summary>
    private const int PerBatch = 20;

    public required Timespan Timespan { get; init; }

    public IReadOnlyList<CalendarId>? Attendees { get; init; }

    public IReadOnlyList<CalendarId>? Optional { get; init; }

    public IReadOnlyList<OpeningGroup>? Groups { get; init; }

    public NominalDuration? Duration { get; init; }

    public NominalDuration? Step { get; init; }

    /// <summary>True when absent.</summary>
    public bool? WithinOpenHours { get; init; }

    public NominalDuration? BufferBefore { get; init; }

    public NominalDuration? BufferAfter { get; init; }

    public TentativePolicy? TreatTentativeAs { get; init; }

    public int? NearMisses { get; init; }

    IEnumerable<CalendarId> IShowsCalendars.Shown => Everybody;

    private IEnumerable<CalendarId> Everybody =>
        [.. Attendees ?? [], .. Optional ?? [], .. (Groups ?? []).SelectMany(group => group.Members)];

    public override void Validate(Errors errors)
    {
        base.Validate(errors);
        QueryLimits.Check(Timespan, errors);
        errors.AtMost(MostGroups, Groups?.Count ?? 0, "groups");
        errors.Each("groups", Groups ?? [], (group, at) =>
        {
            at.Require(group.Members.Count > 0, "members", "must name at least one calendar");
            at.Require(
                group.Required?.Count is null || (group.Required.Value.Count >= 1 && group.Required.Value.Count <= group.Members.Distinct().Count()),
                "required", "must be from 1 to the number of members, or \"all\"");
        });
        if (!errors.Any)
        {
            errors.Require((Attendees?.Count ?? 0) + (Groups?.Count ?? 0) > 0, "attendees", "must name at least one calendar, or give groups");
            errors.AtMost(QueryLimits.Attendees, Everybody.Distinct().Count(), "attendees");
        }

        CheckLengths(errors);
        errors.Require(NearMisses is null or (>= 0 and <= MostNearMisses), "nearMisses", $"must be from 0 to {MostNearMisses}");
    }

    public override async ValueTask<Outcome<FoundOpenings>> Execute(QueryContext context)
    {
        var cursor = await Cursors.Read<FoundOpenings, Place>(this, context);
        if (cursor.Refusal is { } refusal)
        {
            return refusal;
        }

        var (before, after) = (BufferBefore?.ExactSeconds ?? 0, BufferAfter?.ExactSeconds ?? 0);
        var (asked, timelines) = await CalendarTimelines.Load(
            context, Everybody, Timespan.From.ToUnixTimeSeconds() - before, Timespan.To.ToUnixTimeSeconds() + after);
        if (timelines.Refusal is { } tooMuch)
        {
            return tooMuch;
        }

        var people = new Roster(this, asked, timelines.Value);
        var request = new OpeningsRequest
        {
            From = Timespan.From.ToUnixTimeSeconds(),
            To = Timespan.To.ToUnixTimeSeconds(),
            Groups = people.Groups,
            Optional = people.OptionalTimelines,
            Duration = Duration?.ExactSeconds,
            Step = Step?.ExactSeconds,
            BufferBefore = before,
            BufferAfter = after,
            TentativeIsFree = TreatTentativeAs == TentativePolicy.Free,
            WithinOpenHours = WithinOpenHours ?? true,
            After = cursor.Value?.After,
            Limit = LimitInForce + 1,
        };
        return context.Items is { } items ? await Stream(context, items, asked, people, request) : await Answer(context, asked, people, request);
    }

    /// <summary>The answer without its openings, which were handed out.</summary>
    private async ValueTask<FoundOpenings> Stream(
        QueryContext context, IItemSink items, AskedCalendars asked, Roster people, OpeningsRequest request)
    {
        var (sent, last, more) = (0, request.From, false);
        foreach (var batch in Openings.Each(request).Chunk(PerBatch))
        {
            List<OpeningView> shown = [.. batch.Take(LimitInForce - sent).Select(people.Show)];
            (sent, more) = (sent + shown.Count, batch.Length > shown.Count);
            if (shown.Count > 0)
            {
                last = batch[shown.Count - 1].From;
                await items.Send(shown, (last - request.From) / (double)(request.To - request.From), context.Stopped);
            }
        }

        return new([], Missed(people, request), asked.UnknownOrNull, more ? await Cursors.Write(this, context, new Place(last)) : null);
    }

    private List<NearMissView>? Missed(Roster people, OpeningsRequest request) =>
        NearMisses is > 0 && Cursor is null ? [.. Availability.NearMisses.Find(request, NearMisses.Value).Select(people.Show)] : null;

    private async ValueTask<FoundOpenings> Answer(QueryContext context, AskedCalendars asked, Roster people, OpeningsRequest request)
    {
        var found = Openings.Find(request);
        var page = found.Take(LimitInForce).ToList();
        return new(
            [.. page.Select(people.Show)],
            Missed(people, request),
            asked.UnknownOrNull,
            found.Count > page.Count ? await Cursors.Write(this, context, new Place(page[^1].From)) : null);
    }

    private void CheckLengths(Errors errors)
    {
        foreach (var (member, length) in new[] { ("duration", Duration), ("step", Step) })
        {
            errors.Require(length is null || length.Value.ExactSeconds >= 60, member, "must be at least PT1M");
        }

        foreach (var (member, length) in new[] { ("step", Step), ("bufferBefore", BufferBefore), ("bufferAfter", BufferAfter) })
        {
            errors.Require(length is null || length.Value.ExactSeconds <= NominalDuration.SecondsPerDay, member, "must be at most P1D");
        }

        errors.Require(
            Duration is null || Duration.Value.ExactSeconds <= QueryLimits.LongestDays * (long)NominalDuration.SecondsPerDay,
            "duration", "must not be longer than any timespan can be");
    }

    private sealed record Place(long After);
}

public sealed record FoundOpenings(
    IReadOnlyList<OpeningView> Openings, IReadOnlyList<NearMissView>? NearMisses, IReadOnlyList<UnknownCalendar>? Unknown, string? Cursor);

/// <summary>Free: for each group asked for, who of it is free throughout. Missing: who of the optional is not.</summary>
public sealed record OpeningView(
    Instant From, Instant To, IReadOnlyList<IReadOnlyList<CalendarId>>? Free, IReadOnlyList<CalendarId>? Missing);

public sealed record NearMissView(Instant From, Instant To, IReadOnlyList<BlockedBy> BlockedBy);

public sealed record BlockedBy(CalendarId Calendar, AvailabilityReason Reason);
