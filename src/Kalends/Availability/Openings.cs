namespace Kalends.Availability;

/// <summary>
/// Finds the times that suit a group. <c>[s, e)</c> inside the window is right when in every group the same members, as many as the
/// group requires, are free throughout: no time outside open hours in <c>[s, e)</c> (where the request keeps to them), no
/// appointment in <c>[s - BufferBefore, e + BufferAfter)</c>. Buffers look at appointments alone and may lie outside open
/// hours and outside the window.
/// <para>
/// Without a step: all maximal openings, those that lie in no other right one, at least the duration long, by start. No two begin
/// together; two may overlap where different members carry them. With a step: every slot <c>[s, s + Duration)</c> that is
/// right and begins on a whole multiple of the step since the Unix epoch. Neither depends on where the window begins other than by
/// being cut to it, so a wider window never answers fewer, and the same request is always answered the same.
/// </para>
/// <para>
/// Nothing is worked out beyond the last opening asked for: a page costs its own stretch of the window.
/// </para>
/// </summary>
public static class Openings
{
    public static IReadOnlyList<Opening> Find(OpeningsRequest request) => [.. Each(request)];

    /// <summary>The same, each found when it is asked for.</summary>
    public static IEnumerable<Opening> Each(OpeningsRequest request)
    {
        request.Check();
        var attendance = new OpeningAttendance(request);
        var spans = request.Step is { } step ? Slots(request, step) : MaximalSpans(request);
        return spans.Where(span => request.After is not { } after || span.From > after).Take(request.Limit)
            .Select(span => attendance.Describe(span.From, span.To));
    }

    private static IEnumerable<(long From, long To)> Slots(OpeningsRequest request, long step)
    {
        var grid = new StepGrid(step);
        var duration = request.Duration ?? step;
        var next = grid.AtOrAfter(request.From);

        // Both ends of maximal spans rise, so each slot is met first in the span where it is answered.
        foreach (var (from, to) in MaximalSpans(request with { Duration = duration }))
        {
            next = Math.Max(next, grid.AtOrAfter(from));
            for (; next + duration <= to; next += step)
            {
                yield return (next, next + duration);
            }
        }
    }

    /// <summary>
    /// A right span lies in one stretch in which all who must come are free; groups that leave a choice are looked at within it.
    /// A later page may begin at its own moment: what began before and still lasts shows there as a span that lasts as long.
    /// </summary>
    private static IEnumerable<(long From, long To)> MaximalSpans(OpeningsRequest request)
    {
        var shortest = request.Duration ?? 1;
        var common = AllWhoMustCome(request);
        var quorums = Choices(request);
        var start = Math.Max(request.From, request.After ?? request.From);
        while (start < request.To && common.SeekLong(start, shortest))
        {
            var (from, to) = (common.From, common.To);
            start = to;
            if (quorums.IsEmpty)
            {
                yield return (from, to);
                continue;
            }

            foreach (var span in quorums.Within(from, to))
            {
                if (span.To - span.From >= shortest)
                {
                    yield return span;
                }
            }
        }
    }

    private static CommonFreeRuns AllWhoMustCome(OpeningsRequest request)
    {
        var members = request.Groups.Where(group => group.Required == group.Members.Count).SelectMany(group => group.Members);
        return new(OpeningAttendance.Runs(members, request), request.To);
    }

    private static QuorumSpans Choices(OpeningsRequest request)
    {
        var groups = request.Groups.Where(group => group.Required > 0 && group.Required < group.Members.Count);
        return new(groups.Select(group => (OpeningAttendance.Runs(group.Members, request), group.Required)));
    }
}
