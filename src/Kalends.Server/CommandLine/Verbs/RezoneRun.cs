using Kalends.Appointments;
using Kalends.Messages;
using Kalends.Storage;
using Kalends.Time;
using NodaTime;

namespace Kalends.Server.CommandLine.Verbs;

/// <summary>One run of rezone: what it does tenant by tenant, and the tables that say what came of it.</summary>
internal sealed class RezoneRun(IStore store, Surroundings surroundings, bool dryRun)
{
    /// <summary>As many as anybody reads, and as few as any memory holds; the others are counted.</summary>
    private const int MostListed = 300;

    /// <summary>Enough to know it again, in a table that must not break its lines.</summary>
    private const int LongestTitle = 24;

    private readonly List<IReadOnlyList<string>> counts = [];
    private readonly List<IReadOnlyList<string>> listed = [];
    private readonly List<IReadOnlyList<string>> lostPlaces = [];
    private readonly HashSet<(string Tenant, Guid Appointment, CalendarId Calendar)> told = [];
    private readonly SortedDictionary<string, long> lostZones = new(StringComparer.Ordinal);
    private long notListed;
    private long lostPlacesNotListed;

    /// <summary>The answer is the refusal that ended it, if one did.</summary>
    public async Task<Refusal?> Through(IReadOnlyList<string> tenants, Action<long> advance, CancellationToken stopped)
    {
        foreach (var tenant in tenants)
        {
            if (await Through(tenant, advance, stopped) is { } refusal)
            {
                return refusal;
            }
        }

        return null;
    }

    public void Write()
    {
        if (dryRun)
        {
            Write(["tenant", "id", "title", "zone", "local start", "span before", "span after"], listed, notListed);
        }

        Write(["tenant", "loses its place", "in the calendar", "at"], lostPlaces, lostPlacesNotListed);
        Tables.Write(surroundings, ["tenant", "appointments", dryRun ? "to move" : "moved", "all-day", "places lost"], counts);
    }

    /// <summary>What is to be said of zones that the database in force does not have; null when it has all.</summary>
    public string? LostZones
    {
        get
        {
            var named = string.Join(", ", lostZones.Select(zone => $"{zone.Key} ({RezoneVerb.Number(zone.Value)} appointments)"));
            return lostZones.Count == 0 ? null
                : $"the time zones of {Zones.Release} do not have {named}; these stay where they are, and the store keeps its release: "
                    + "use a database that has them";
        }
    }

    private async Task<Refusal?> Through(string tenant, Action<long> advance, CancellationToken stopped)
    {
        var desk = new Desk(store, Desk.CallerOf(tenant, null, admin: true), surroundings);
        var (read, moved, allDay, lost) = (0L, 0L, 0L, 0L);
        try
        {
            await foreach (var page in RezoneSearch.Run(store, tenant, surroundings.Clock.GetCurrentInstant(), stopped))
            {
                Note(tenant, page);
                if (page.Differing.Count > 0)
                {
                    var reply = await desk.Run(
                        "rezone-appointments", new { appointments = page.Differing.Select(item => item.Id) }, new() { DryRun = dryRun }, stopped);
                    if (reply.Refusal is { } refusal)
                    {
                        return refusal;
                    }

                    var done = (RezonedAppointments)reply.Result!;
                    // Dry, what moves along with one page is still there to be found on its own.
                    moved += dryRun ? page.Differing.Count(item => item.Timed is not null) : done.Moved;
                    allDay += dryRun ? page.Differing.Count(item => item.Timed is null) : done.AllDayMoved;
                    lost += done.LostPlaces.Count(place => Note(tenant, place));
                }

                read += page.Read;
                advance(page.Read);
            }

            return null;
        }
        finally
        {
            counts.Add([tenant, RezoneVerb.Number(read), RezoneVerb.Number(moved), RezoneVerb.Number(allDay), RezoneVerb.Number(lost)]);
        }
    }

    private void Note(string tenant, RezonePage page)
    {
        foreach (var zone in page.LostZones)
        {
            lostZones[zone] = lostZones.GetValueOrDefault(zone) + 1;
        }

        foreach (var row in dryRun ? page.Differing.SelectMany(item => Rows(tenant, item)) : [])
        {
            notListed += Keep(listed, row);
        }
    }

    /// <summary>True when it is told for the first time.</summary>
    private bool Note(string tenant, LostPlace lost)
    {
        if (!told.Add((tenant, lost.Appointment, lost.Calendar)))
        {
            return false;
        }

        lostPlacesNotListed += Keep(lostPlaces, [tenant, lost.Appointment.ToString(), lost.Calendar.Value, Shown(lost.Timespan.From, lost.Timespan.To)]);
        return true;
    }

    private static int Keep(List<IReadOnlyList<string>> rows, IReadOnlyList<string> row)
    {
        if (rows.Count == MostListed)
        {
            return 1;
        }

        rows.Add(row);
        return 0;
    }

    private static IEnumerable<IReadOnlyList<string>> Rows(string tenant, Rezoned item)
    {
        var says = item.Before.Says;
        string[] named = [tenant, item.Id.ToString(), Short(says.Title ?? "")];
        if (item.Timed is { Span: { } after } && !item.Before.IsSeries)
        {
            return [[.. named, says.TimeZone!, Shown(says.Start!.Value), Shown(says.Span!.Value.From, says.Span.Value.To), Shown(after.From, after.To)]];
        }

        // A series that only moves is listed by its occurrences.
        if (item.Rules is { Any: true } rules)
        {
            return [[.. named, says.TimeZone ?? "", Shown(says.Start!.Value), $"{rules.Going.Count} occurrences", $"{rules.Coming.Count} occurrences"]];
        }

        return item.Days.Select(IReadOnlyList<string> (days) =>
        [
            .. named, $"{days.Calendar.ZoneOrUtc} of {days.Calendar.Id}", says.Start!.Value.Date.ToString("uuuu-MM-dd", null),
            Shown(days.Before), Shown(days.After),
        ]);
    }

    private void Write(IReadOnlyList<string> headings, List<IReadOnlyList<string>> rows, long more)
    {
        if (rows.Count == 0)
        {
            return;
        }

        Tables.Write(surroundings, headings, rows);
        if (more > 0)
        {
            surroundings.Out.WriteLine($"and {RezoneVerb.Number(more)} more");
        }
    }

    private static string Short(string title) => title.Length <= LongestTitle ? title : title[..LongestTitle] + "…";

    private static string Shown(LocalDateTime local) => local.ToString("uuuu-MM-dd'T'HH:mm", null);

    private static string Shown(Kalends.Availability.Attendance row) => Shown(Instant.FromUnixTimeSeconds(row.From), Instant.FromUnixTimeSeconds(row.To));

    private static string Shown(Instant from, Instant to) => $"{from.ToString("uuuu-MM-dd'T'HH:mm'Z'", null)}/{to.ToString("uuuu-MM-dd'T'HH:mm'Z'", null)}";
}
