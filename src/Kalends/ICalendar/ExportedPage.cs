using Kalends.Appointments;
using Kalends.Availability;
using Kalends.Messages;
using Kalends.Storage;
using NodaTime;

namespace Kalends.ICalendar;

/// <summary>
/// Some of a calendar's appointments as the caller may see them, as iCalendar. Where a changed occurrence is not shown, or does not lie on
/// this calendar any more, its series is written without that date: else the rules would show it where it is not.
/// </summary>
internal sealed class ExportedPage(QueryContext context, AskedCalendars asked, Calendar calendar, CalendarWriter writer)
{
    public async ValueTask<List<string>> Write(IReadOnlyList<AppointmentRow> page)
    {
        var series = await KnownAppointments.Find(context, [.. page.Select(row => row.Series).OfType<Guid>().Distinct()]);
        var pieces = new List<string>(page.Count);
        foreach (var row in page)
        {
            var known = KnownAppointment.Of(row);
            if (Shown(known) is not { } shown)
            {
                continue;
            }

            pieces.Add(row.Series is not { } own ? writer.Add(known.IsSeries ? Without(shown, await NotShown(known)) : shown)
                : Shown(series[own])?.Masked == shown.Masked ? writer.AddOccurrence(shown, AsShown(series[own], shown))
                : writer.Add(shown with { Uid = $"{shown.Id}@kalends", Series = null }));
        }

        return pieces;
    }

    private static Appointment Without(Appointment series, List<LocalDateTime> dates) => dates.Count == 0 ? series : series with
    {
        Recurrence = series.Recurrence! with { Excluded = [.. (series.Recurrence.Excluded ?? []).Concat(dates).Distinct().Order()] },
    };

    /// <summary>
    /// An occurrence of which more or less is seen than of its series, one private among public ones, goes under a name of its own.
    /// </summary>
    private async ValueTask<List<LocalDateTime>> NotShown(KnownAppointment series)
    {
        var changed = await context.Rows<ISeriesRows>().Occurrences(series.Row.Id, detachedOnly: true);
        var known = await KnownAppointments.Find(context, [.. changed.Select(occurrence => occurrence.Id)]);
        return [.. changed.Where(occurrence => !known[occurrence.Id].Calendars.Contains(calendar.Id)
                || Shown(known[occurrence.Id]) is not { } shown || shown.Masked != Shown(series)!.Masked)
            .Select(occurrence => occurrence.Key.Local)];
    }

    /// <summary>A masked occurrence goes with the masked name of its series.</summary>
    private Appointment AsShown(KnownAppointment series, Appointment occurrence) =>
        occurrence.Masked == true ? series.Says with { Uid = MaskedUid(series.Row) } : series.Says;

    private Appointment? Shown(KnownAppointment known)
    {
        var attendance = Attendance(known.Row);
        var seen = known.Calendars.Contains(context.Caller.Person) ? Seen.Details : asked.Sight.Of(attendance, calendar.Id);
        return seen == Seen.Details ? known.Says : seen != Seen.BusyBlock ? null : new()
        {
            Id = AppointmentView.MaskedId(context, attendance),
            Uid = MaskedUid(known.Row),
            Title = "Busy",
            Start = known.Says.Start,
            TimeZone = known.Says.TimeZone,
            Duration = known.Says.Duration,
            AllDay = known.Says.AllDay,
            FreeBusyStatus = known.Says.FreeBusyStatus,
            Privacy = Privacy.Private,
            Recurrence = known.Says.Recurrence,
            Series = known.Series is null ? null : known.Says.Series,
            Masked = true,
        };
    }

    private string MaskedUid(AppointmentRow row) => $"{AppointmentView.MaskedId(context, Attendance(row))}@kalends";

    private Attendance Attendance(AppointmentRow row) =>
        new(calendar.Key, row.From, row.To, row.Id, Busyness.Busy, row.Privacy, row.Owner, row.AllDay);
}
