using System.Runtime.CompilerServices;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Appointments;

/// <summary>One page of the search: how many appointments it held, which of them lie elsewhere now, and the zone of each whose zone is lost.</summary>
public sealed record RezonePage(int Read, IReadOnlyList<Rezoned> Differing, IReadOnlyList<string> LostZones);

/// <summary>
/// Finds the appointments that lie elsewhere under the zones in force. It reads only, page by page and each on a view of its own: nobody
/// waits to write while a tenant is looked through, and nothing is kept of what does not differ.
/// </summary>
public static class RezoneSearch
{
    /// <summary>A page's differences are one transaction: 5,000 appointments that all move, eight in a row, took 2 s in ten of them.</summary>
    public const int PerPage = 500;

    public static async IAsyncEnumerable<RezonePage> Run(
        IStore store, string tenant, Instant now, [EnumeratorCancellation] CancellationToken stopped)
    {
        Guid? after = null;
        while (true)
        {
            RezonePage found;
            await using (var session = await store.Read(tenant, stopped))
            {
                var rows = session.Rows<IAppointmentRows>();
                var page = await rows.Page(after, PerPage);
                if (page.Count == 0)
                {
                    yield break;
                }

                List<KnownAppointment> known = [.. page.Where(row => !Rezoning.IsPast(row, now)).Select(KnownAppointment.Of)];
                List<string> lost = [.. known.Where(item => Rezoning.LacksZone(item.Says)).Select(item => item.Says.TimeZone!)];
                found = new(page.Count, await Differing(rows, session.Rows<ISeriesRows>(), session.Rows<ICalendarRows>(), known, now), lost);
                after = page[^1].Id;
            }

            yield return found;
        }
    }

    public static async ValueTask<IReadOnlyList<Rezoned>> Differing(
        IAppointmentRows rows, ISeriesRows series, ICalendarRows calendarRows, IReadOnlyCollection<KnownAppointment> known, Instant now)
    {
        List<KnownAppointment> allDay = [.. known.Where(item => item.Row.AllDay && !item.IsSeries)];
        var calendars = await calendarRows.Find([.. allDay.SelectMany(item => item.Calendars).Distinct()]);
        var stored = (await rows.Attendances([.. allDay.Select(item => item.Row.Id)])).ToLookup(attendance => attendance.Appointment);
        var differing = new List<Rezoned>();
        foreach (var item in known)
        {
            var timed = Rezoning.Timed(item.Says, now);
            List<MovedDays> days = item.Row.AllDay && !item.IsSeries ? [.. Rezoning.AllDay(item, stored[item.Row.Id], calendars)] : [];
            var rules = item.IsSeries && !Rezoning.LacksZone(item.Says) ? await MovedRules.Of(series, item) : null;
            if (timed is not null || days.Count > 0 || rules is { Any: true })
            {
                differing.Add(new(item, timed, days, rules));
            }
        }

        return differing;
    }
}
