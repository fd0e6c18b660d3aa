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

    public static GroupedCalendar Grouped(string text) => SeriesGrouping.Group(Items(text).OfType<CalendarItem.Read>(), CalendarReading.Usual.FloatingZone);

    public static string Written(GroupedCalendar grouped)
    {
        var writer = new CalendarWriter(new("sample", "UTC", NodaTime.Instant.FromUtc(2026, 1, 1, 0, 0)));
        return writer.Begin() + string.Concat(grouped.Singles.Select(writer.Add)) + string.Concat(grouped.Series.Select(writer.AddSeries)) + CalendarWriter.End();
    }

    /// <summary>Everything there is to say of it, to be compared.</summary>
    public static IReadOnlyList<string> Told(GroupedCalendar grouped) =>
        [.. grouped.Singles.Select(Json), .. grouped.Series.SelectMany(series => series.Overrides.Prepend(series.Master)).Select(Json)];

    public static string Json(Appointment appointment) => System.Text.Encoding.UTF8.GetString(Messages.Json.WireJson.Write(appointment));

    public static Appointment One(params string[] lines) =>
        Assert.IsType<CalendarItem.Read>(Assert.Single(Items(Event(lines)))).Appointment;

    public static CalendarItem.Skipped OneSkipped(params string[] lines) =>
        Assert.IsType<CalendarItem.Skipped>(Assert.Single(Items(Event(lines))));
}
