using Kalends.Appointments;
using Kalends.ICalendar;

namespace Kalends.Tests.ICalendar;

/// <summary>Short ways to put an event into a calendar and read it back.</summary>
internal static class Reading
{
    public static string Calendar(params string[] lines) =>
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n" + string.Concat(lines.Select(line => line + "\r\n")) + "END:VCALENDAR\r\n";

    public static string Event(params string[] lines) =>
        Calendar(["BEGIN:VEVENT", "UID:one", .. lines, "END:VEVENT"]);

    public static IReadOnlyList<CalendarItem> Items(string text) => [.. CalendarReader.Read(text, CalendarReading.Usual)];

    public static Appointment One(params string[] lines) =>
        Assert.IsType<CalendarItem.Read>(Assert.Single(Items(Event(lines)))).Appointment;

    public static CalendarItem.Skipped OneSkipped(params string[] lines) =>
        Assert.IsType<CalendarItem.Skipped>(Assert.Single(Items(Event(lines))));
}
