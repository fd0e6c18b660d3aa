namespace Kalends.Availability;

/// <summary>Who can come to each opening. Openings are asked for by rising start, so each calendar is read once, forward.</summary>
internal sealed class OpeningAttendance(OpeningsRequest request)
{
    private readonly FreeRuns[][] groups =
        [.. request.Groups.Where(group => group.ReportsFree).Select(group => Runs(group.Members, request))];

    private readonly FreeRuns[] optional = Runs(request.Optional, request);

    public static FreeRuns[] Runs(IEnumerable<Timeline> timelines, OpeningsRequest request)
    {
        var rule = new BlockingRule(request);
        return [.. timelines.Select(timeline => new CalendarFreeRuns(timeline, rule, request.To))];
    }

    public Opening Describe(long from, long to)
    {
        var free = groups.Length == 0 ? [] : Array.ConvertAll(groups, group => Indexes(group, from, to, areFree: true));
        return new(from, to, free, Indexes(optional, from, to, areFree: false));
    }

    private static int[] Indexes(FreeRuns[] people, long from, long to, bool areFree)
    {
        Span<bool> chosen = people.Length <= 1024 ? stackalloc bool[people.Length] : new bool[people.Length];
        var count = 0;
        for (var i = 0; i < people.Length; i++)
        {
            chosen[i] = people[i].CoverFrom(from, to) == areFree;
            count += chosen[i] ? 1 : 0;
        }

        var indexes = count == 0 ? [] : new int[count];
        for (var i = people.Length - 1; count > 0; i--)
        {
            if (chosen[i])
            {
                indexes[--count] = i;
            }
        }

        return indexes;
    }
}
