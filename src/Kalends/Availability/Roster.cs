using Kalends.Storage;

namespace Kalends.Availability;

/// <summary>
/// Who stands where in a search for openings: from calendars to the engine's groups and timelines, and from the engine's indexes
/// back to calendars. Those the caller may not look at are left out; the answer lists them as unknown.
/// </summary>
internal sealed class Roster
{
    private readonly List<IReadOnlyList<CalendarId>> groups = [];
    private readonly List<CalendarId> optional;
    private readonly bool answersMissing;

    public Roster(FindOpenings query, AskedCalendars asked, IReadOnlyList<Timeline> timelines)
    {
        var byCalendar = asked.Visible.Zip(timelines).ToDictionary(pair => pair.First, pair => pair.Second);
        var engineGroups = new List<AttendeeGroup>();
        if (query.Attendees is { Count: > 0 } attendees)
        {
            var seen = Seen(attendees);
            groups.Add(seen);
            engineGroups.Add(AttendeeGroup.Everyone([.. seen.Select(id => byCalendar[id])]));
        }

        foreach (var group in query.Groups ?? [])
        {
            // A member nobody may look at can still be the one who is needed, so the quorum stays as asked while it can be met.
            var seen = Seen(group.Members);
            groups.Add(seen);
            engineGroups.Add(AttendeeGroup.AtLeast(Math.Min(group.Required?.Count ?? seen.Count, seen.Count), [.. seen.Select(id => byCalendar[id])]));
        }

        Groups = engineGroups;
        optional = Seen(query.Optional ?? []);
        OptionalTimelines = [.. optional.Select(id => byCalendar[id])];
        answersMissing = query.Optional is not null;

        List<CalendarId> Seen(IReadOnlyList<CalendarId> calendars) => [.. calendars.Distinct().Where(byCalendar.ContainsKey)];
    }

    public IReadOnlyList<AttendeeGroup> Groups { get; }

    public IReadOnlyList<Timeline> OptionalTimelines { get; }

    public OpeningView Show(Opening opening)
    {
        var reporting = groups.Where((_, index) => Groups[index].ReportsFree);
        return new(
            CalendarTimelines.InstantOf(opening.From),
            CalendarTimelines.InstantOf(opening.To),
            opening.Free.Length == 0 ? null : [.. reporting.Zip(opening.Free, (members, free) => free.Select(index => members[index]).ToList())],
            answersMissing ? [.. opening.Missing.Select(index => optional[index])] : null);
    }

    public NearMissView Show(NearMiss miss) => new(
        CalendarTimelines.InstantOf(miss.From),
        CalendarTimelines.InstantOf(miss.To),
        [.. miss.BlockedBy.Select(blocker => new BlockedBy(groups[blocker.Group][blocker.Member], ExplainAvailability.ReasonOf(blocker.Reason)))]);
}
