using System.Security.Cryptography;
using System.Text;
using Kalends.Appointments;
using NodaTime;

namespace Kalends.ICalendar;

/// <summary>
/// The UID of what a file holds under another one: an occurrence whose series is not there, the later half of a series that was split. It
/// follows from that UID and the moment, so that importing again finds it again.
/// </summary>
public static class DerivedUid
{
    /// <summary>Moment: as RECURRENCE-ID has it, in UTC or a date.</summary>
    public static string Of(string uid, string moment) => uid.Length + moment.Length < AppointmentLimits.Uid
        ? $"{uid}/{moment}"
        : $"{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(uid)))}/{moment}";

    /// <summary>Of an occurrence, however a text without its series named it: by its moment, or by the date alone (<see cref="NamedOccurrence"/>).</summary>
    internal static IEnumerable<string> OfOccurrence(Appointment series, LocalDateTime id, string floatingZone)
    {
        var wall = SeriesWall.Of(series, floatingZone);
        yield return Of(series.Uid!, wall.Word(id));
        if (!wall.AllDay && wall.From(id, null, isDate: true) == id)
        {
            yield return Of(series.Uid!, RecurrenceLines.Date(id.Date));
        }
    }
}
