using Kalends.Availability;
using Kalends.Messages.Json;
using Kalends.Storage;

namespace Kalends.Appointments;

/// <summary>
/// Makes every appointment's rows again from what the appointment says and compares: whatever availability reads must follow from the
/// appointments, and the columns from their JSON. Findings are sentences; none means sound.
/// </summary>
public static class Verification
{
    private const int PerRead = 500;

    public static async IAsyncEnumerable<string> Run(
        IStore store, string tenant, Action<int>? progress = null,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken stopped = default)
    {
        await using var session = await store.Read(tenant, stopped);
        var rows = session.Rows<IAppointmentRows>();
        Guid? after = null;
        while (await rows.Page(after, PerRead) is { Count: > 0 } page)
        {
            foreach (var finding in (await Check(session, rows, page)).Concat(await CheckSeries(session, page)))
            {
                yield return $"tenant {tenant}: {finding}";
            }

            after = page[^1].Id;
            progress?.Invoke(page.Count);
        }
    }

    private static async ValueTask<List<string>> Check(IReadSession session, IAppointmentRows rows, IReadOnlyList<AppointmentRow> page)
    {
        var says = page.ToDictionary(row => row.Id, row => WireJson.Read<Appointment>(row.Json));
        HashSet<CalendarId> named = [.. says.Values.SelectMany(item => new KnownAppointment(page[0], item).Calendars)];
        var calendars = await session.Rows<ICalendarRows>().Find(named);
        var stored = (await rows.Attendances([.. says.Keys])).ToLookup(attendance => attendance.Appointment);
        var findings = new List<string>();
        foreach (var row in page)
        {
            var lost = new KnownAppointment(row, says[row.Id]).Calendars.Where(id => !calendars.ContainsKey(id)).ToList();
            if (lost.Count > 0)
            {
                findings.Add($"appointment {row.Id} names calendars that have no row: {string.Join(", ", lost)}");
                continue;
            }

            var expected = Bookings.Of(says[row.Id], calendars);
            findings.AddRange(Compare(row, expected, [.. stored[row.Id]]));
        }

        return findings;
    }

    /// <summary>Of each series: what is stored of it is what its rules say, up to its horizon, with what was changed by itself in its place.</summary>
    private static async ValueTask<List<string>> CheckSeries(IReadSession session, IReadOnlyList<AppointmentRow> page)
    {
        var rows = session.Rows<ISeriesRows>();
        var findings = new List<string>();
        foreach (var row in page.Where(row => row.Series is null))
        {
            var says = WireJson.Read<Appointment>(row.Json);
            var horizon = (await rows.Horizons([row.Id])).GetValueOrDefault(row.Id);
            if (says.Recurrence is null != horizon is null)
            {
                findings.Add(horizon is null
                    ? $"series {row.Id} does not say how far it is stored"
                    : $"appointment {row.Id} does not recur, but is kept as a series");
            }
            else if (horizon is not null)
            {
                findings.AddRange(Compare(says, horizon, await rows.Occurrences(row.Id, detachedOnly: false)));
            }
        }

        return findings;
    }

    private static IEnumerable<string> Compare(Appointment says, SeriesHorizon horizon, IReadOnlyList<StoredOccurrence> stored)
    {
        var occurrences = new SeriesOccurrences(says);
        var derived = stored.Where(occurrence => !occurrence.Detached).Select(occurrence => occurrence.Key).ToHashSet();
        var detached = stored.Where(occurrence => occurrence.Detached).Select(occurrence => occurrence.Key).ToHashSet();
        foreach (var occurrence in occurrences.Starting(-SeriesOccurrences.End, horizon.StoredUntil))
        {
            if (!derived.Remove(occurrence.Key) && !detached.Contains(occurrence.Key))
            {
                yield return $"series {says.Id} lacks its occurrence of {occurrence.Key.Local}";
            }
        }

        foreach (var extra in derived)
        {
            yield return $"series {says.Id} has an occurrence at {extra.Local} that its rules do not make, or that lies beyond what is stored";
        }

        foreach (var lost in detached.Where(key => occurrences.Find(key) is null))
        {
            yield return $"series {says.Id} has a changed occurrence of {lost.Local}, when it does not occur";
        }

        if (horizon.IsOpen && occurrences.FirstFrom(horizon.StoredUntil) is null)
        {
            yield return $"series {says.Id} is kept as going on, and has ended";
        }
    }

    private static IEnumerable<string> Compare(AppointmentRow row, Booking expected, HashSet<Attendance> stored)
    {
        if (row with { Json = expected.Appointment.Json } != expected.Appointment)
        {
            yield return $"appointment {row.Id} has columns that differ from what it says";
        }

        foreach (var missing in expected.Attendances.Where(attendance => !stored.Contains(attendance)))
        {
            yield return $"appointment {row.Id} lacks its attendance in calendar {missing.Calendar} at {missing.From}";
        }

        foreach (var extra in stored.Except(expected.Attendances))
        {
            yield return $"appointment {row.Id} has an attendance in calendar {extra.Calendar} at {extra.From} that does not follow from it";
        }
    }
}
