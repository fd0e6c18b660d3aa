using Kalends.Availability;

namespace Kalends.Storage.Postgres;

/// <summary>
/// Pages in the order of calendars asked for. Of each calendar at most a page is read, and of many only as many at a time as will fill it: as
/// many as the density of those before promises.
/// </summary>
internal sealed partial class AttendanceRows
{
    /// <summary>Calendars of the first round trip.</summary>
    private const int First = 4;

    private const int Most = 64;

    // Of each calendar asked for: where its long rows and its others begin, both exclusive. $3 to $5 as in a search without pages.
    private const string AskedFrom = """
        FROM unnest($2, $6, $7, $8, $9, $10, $11) WITH ORDINALITY
            asked (key, long_from, long_to, long_id, short_from, short_to, short_id, place) CROSS JOIN LATERAL
        """;

    private const string LongAfter = "AND (start_at, end_at, appointment) > (asked.long_from, asked.long_to, asked.long_id)";

    private const string ShortAfter = "AND (start_at, end_at, appointment) > (asked.short_from, asked.short_to, asked.short_id)";

    private const string OfCalendar = "ORDER BY start_at, end_at, appointment LIMIT $12";

    private const string PageSql = $"""
        SELECT {Columns} {AskedFrom}
        ((SELECT * {Long} {LongAfter} {OfCalendar}) UNION ALL (SELECT * {Short} {ShortAfter} {OfCalendar})) a {InOrder} LIMIT $12
        """;

    private const string BlockingPageSql = $"""
        SELECT {Columns} {AskedFrom}
        ((SELECT * {Long} {LongAfter} {OnlyBlocking} {OfCalendar}) UNION ALL (SELECT * {Short} {ShortAfter} {OnlyBlocking} {OfCalendar})) a {InOrder} LIMIT $12
        """;

    public async ValueTask<IReadOnlyList<Attendance>> Page(
        IReadOnlyList<long> calendars, long from, long to, bool blockingOnly, AttendancePlace? after, int limit)
    {
        if (session.Ahead?.Page((from, to), blockingOnly, after, limit) is { } known)
        {
            return known;
        }

        var found = new List<Attendance>();
        var (index, wide) = (after?.Calendar ?? 0, First);
        while (index < calendars.Count && found.Count < limit)
        {
            List<(long Key, Start Long, Start Short)> asked = [.. calendars.Skip(index).Take(wide).Select((key, place) =>
            {
                var start = index + place == after?.Calendar ? new(after.From, after.To, after.Appointment) : Start.OfCalendar;
                return (key, start, start.From < from - Day ? Start.At(from - Day) : start);
            })];
            var page = await session.All(Paged(asked, (from, to), blockingOnly, limit - found.Count), Attendance);
            found.AddRange(page);
            index += asked.Count;
            var each = Math.Max(1, found.Count / (double)(index - (after?.Calendar ?? 0)));
            wide = Math.Clamp((int)Math.Ceiling((limit - found.Count) / each), 1, Most);
        }

        return found;
    }

    private Statement Paged(List<(long Key, Start Long, Start Short)> asked, (long From, long To) span, bool blockingOnly, int limit) =>
        Search(session, blockingOnly ? BlockingPageSql : PageSql, asked.Select(one => one.Key), span)
            .WithTimes(asked.Select(one => one.Long.From)).WithTimes(asked.Select(one => one.Long.To)).WithAll(asked.Select(one => one.Long.Appointment))
            .WithTimes(asked.Select(one => one.Short.From)).WithTimes(asked.Select(one => one.Short.To)).WithAll(asked.Select(one => one.Short.Appointment))
            .With((long)limit);

    /// <summary>Where a scan begins: just after an appointment, or with the first of a second.</summary>
    private readonly record struct Start(long From, long To, Guid Appointment)
    {
        public static readonly Start OfCalendar = At(long.MinValue);

        public static Start At(long second) => new(second, long.MinValue, Guid.Empty);
    }
}
