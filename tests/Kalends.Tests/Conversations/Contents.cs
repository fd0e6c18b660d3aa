using Kalends.Availability;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Tests.Conversations;

/// <summary>
/// What availability reads of each calendar, at its version: what blocks, near and beyond what is stored of series, with titles, and open hours.
/// Caches rest on it that none of this ever changes while the version stays.
/// </summary>
internal sealed class Contents
{
    /// <summary>Around the conversations' now, where two years of series end, and beyond.</summary>
    private static readonly (Instant From, Instant To)[] Windows =
    [
        (Instant.FromUtc(2026, 10, 25, 0, 0), Instant.FromUtc(2026, 12, 10, 0, 0)), (Instant.FromUtc(2028, 10, 25, 0, 0), Instant.FromUtc(2028, 12, 20, 0, 0)),
        (Instant.FromUtc(2029, 6, 1, 0, 0), Instant.FromUtc(2029, 6, 12, 0, 0)),
    ];

    private readonly Dictionary<CalendarId, (long Version, IReadOnlyList<(Attendance Row, string? Title)> Blocks, string? Hours)> calendars = [];

    public static async Task<Contents> Of(IStore store, string tenant)
    {
        var contents = new Contents();
        await using var session = await store.Read(tenant, TestContext.Current.CancellationToken);
        var all = await session.Rows<ICalendarRows>().Page(null, null, 100);
        List<long> keys = [.. all.Select(calendar => calendar.Key)];
        var rows = session.Rows<IAttendanceRows>();
        var hours = (await session.Rows<IOpenHoursRows>().Find(keys)).ToDictionary(row => row.Calendar, row => row.Json);
        var blocking = new List<Attendance>();
        foreach (var (from, to) in Windows)
        {
            blocking.AddRange(await rows.Overlapping(keys, from.ToUnixTimeSeconds(), to.ToUnixTimeSeconds(), blockingOnly: true));
        }

        var titles = await rows.Titles([.. blocking.Select(row => row.Appointment).Distinct()]);
        var blocks = blocking.ToLookup(row => row.Calendar, row => (row, titles.GetValueOrDefault(row.Appointment)));
        foreach (var calendar in all)
        {
            contents.calendars[calendar.Id] = (calendar.Version, [.. blocks[calendar.Key]], hours.GetValueOrDefault(calendar.Key));
        }

        return contents;
    }

    /// <summary>Calendars that hold something else than before though their version says that nothing happened.</summary>
    public IEnumerable<CalendarId> ChangedInSilenceSince(Contents before) => calendars
        .Where(pair => before.calendars.TryGetValue(pair.Key, out var old) && pair.Value.Version <= old.Version
            && (old.Hours != pair.Value.Hours || !old.Blocks.SequenceEqual(pair.Value.Blocks)))
        .Select(pair => pair.Key);
}
