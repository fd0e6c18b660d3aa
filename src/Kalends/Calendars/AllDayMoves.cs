using Kalends.Appointments;
using Kalends.Availability;
using Kalends.Messages;
using Kalends.Storage;

namespace Kalends.Calendars;

/// <summary>All-day appointments are whole days in the calendar's zone: when that changes, their attendances there move with it.</summary>
internal static class AllDayMoves
{
    public static async ValueTask<IReadOnlyList<Attendance>> Into(CommandContext context, Calendar calendar)
    {
        var attendances = await context.Rows<IAttendanceWrites>().AllDay(calendar.Key);
        var known = await KnownAppointments.Find(context, [.. attendances.Select(attendance => attendance.Appointment)]);
        return [.. attendances.Select(attendance =>
        {
            var span = Completion.SpanIn(known[attendance.Appointment].Says, calendar.ZoneOrUtc);
            return attendance with { From = span.From.ToUnixTimeSeconds(), To = span.To.ToUnixTimeSeconds() };
        })];
    }
}
