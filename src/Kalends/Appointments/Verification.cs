using Kalends.Availability;
using Kalends.Messages.Json;
using Kalends.Storage;
using Kalends.Time;
using NodaTime;

namespace Kalends.Appointments;

/// <summary>
/// Makes every appointment's rows again from what the appointment says and compares: whatever availability reads must follow from the
/// appointments, and the columns from their JSON. Findings are sentences; none means sound.
/// </summary>
public static class Verification
{
    private const int PerRead = 500;

    public static async IAsyncEnumerable<string> Run(
        IStore store, string tenant, Instant now, Action<int>? progress = null,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken stopped = default)
    {
        // Where all-day appointments lie cannot be judged with other zones than they were put there with.
        var sameZones = await store.ZoneRelease(stopped) == Zones.Release;
        await using var session = await store.Read(tenant, stopped);
        var rows = session.Rows<IAppointmentRows>();
        Guid? after = null;
        while (await rows.Page(after, PerRead) is { Count: > 0 } page)
        {
            foreach (var finding in (await Check(session, rows, page, sameZones)).Concat(sameZones ? await SeriesChecks.Run(session, page, now) : []))
            {
                yield return $"tenant {tenant}: {finding}";
            }

            after = page[^1].Id;
            progress?.Invoke(page.Count);
        }
    }

    private static async ValueTask<List<string>> Check(IReadSession session, IAppointmentRows rows, IReadOnlyList<AppointmentRow> page, bool sameZones)
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
            findings.AddRange(row.AllDay && !sameZones
                ? Compare(row, WithoutTimes(expected), [.. stored[row.Id].Select(WithoutTimes)])
                : Compare(row, expected, [.. stored[row.Id]]));
        }

        return findings;
    }

    private static Booking WithoutTimes(Booking booking) => booking with { Attendances = [.. booking.Attendances.Select(WithoutTimes)] };

    private static Attendance WithoutTimes(Attendance attendance) => attendance with { From = 0, To = 0 };

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
