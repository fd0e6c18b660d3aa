using System.Text;
using Kalends.Appointments;
using Kalends.ICalendar;
using Kalends.Time;
using NodaTime;

namespace Kalends.Tests.ICalendar;

[Collection(nameof(Alone))]
public sealed class CalendarWriterTests
{
    private static readonly CalendarHead Head = new("Ana", "UTC", Instant.FromUtc(2026, 11, 1, 0, 0));

    private static readonly Appointment Plain = Hostile("x", "https://example.com/x");

    private static readonly string[] LineEnds =
        ["\r\n", "\r", "\n", "\n\r", "\u2028", "\u2029", "\u0085", "\v", "\f", "\0", "\x1C", "\r\n ", "\\n", "\"\r\n", "^n", "\uD800\n"];

    /// <summary>Each ends a line for somebody and then begins an event of its own.</summary>
    public static TheoryData<string> Injections =>
    [
        .. LineEnds.Select(end => $"a{end}END:VEVENT{end}BEGIN:VEVENT{end}UID:evil{end}DTSTART:20260101T000000Z{end}ATTACH:file:///etc/passwd{end};:,\""),
    ];

    [Theory]
    [MemberData(nameof(Injections))]
    public void Nothing_said_in_an_appointment_begins_a_line_of_its_own(string evil)
    {
        var text = string.Concat(CalendarWriter.Write([Hostile(evil, "https://example.com/" + evil)], Head));
        Assert.Equal(Names(string.Concat(CalendarWriter.Write([Plain], Head))), Names(text));
        Assert.Single(Reading.Items(text));
        Assert.Equal(PropertiesSeenByOthers(string.Concat(CalendarWriter.Write([Plain], Head))), PropertiesSeenByOthers(text));
    }

    [Fact]
    public void Lines_are_folded_at_75_octets_and_never_inside_a_character()
    {
        var title = string.Concat(Enumerable.Range(0, 300).Select(index => index % 3 == 0 ? "é" : index % 3 == 1 ? "日" : "😀"));
        var text = string.Concat(CalendarWriter.Write([Plain with { Title = title }], Head));
        Assert.All(text.Split("\r\n"), line => Assert.True(Encoding.UTF8.GetByteCount(line) <= 75, line));
        Assert.DoesNotContain('\uFFFD', text);
        Assert.Equal(title, Assert.IsType<CalendarItem.Read>(Assert.Single(Reading.Items(text))).Appointment.Title);
    }

    [Fact]
    public void Another_program_reads_what_was_meant()
    {
        var paris = new Appointment
        {
            Uid = "one", Title = "Budget, first; round", Description = "C:\\new\nline", Start = new(2026, 11, 23, 9, 0), TimeZone = "Europe/Paris",
            Duration = NominalDuration.OfMinutes(45), Owner = new("user:ana@example.com"), Reminders = [new() { Before = NominalDuration.OfMinutes(15) }],
        };
        var read = Assert.Single(Ical.Net.Calendar.Load(string.Concat(CalendarWriter.Write([paris], Head)))!.Events);
        Assert.Equal(paris.Title, read.Summary);
        Assert.Equal(paris.Description, read.Description);
        Assert.Equal("2026-11-23 08:00", read.Start!.AsUtc.ToString("yyyy-MM-dd HH:mm", null));
        Assert.Equal("2026-11-23 08:45", read.End!.AsUtc.ToString("yyyy-MM-dd HH:mm", null));
        Assert.Equal("mailto:ana@example.com", read.Organizer!.Value!.ToString());
        Assert.Single(read.Alarms);
    }

    [Fact]
    public void A_zone_is_described_once_before_its_first_use()
    {
        var appointments = Enumerable.Range(1, 3).Select(day => Plain with { TimeZone = "Europe/Paris", EndTimeZone = "America/New_York", Start = new(2026, 1, day, 9, 0) });
        var text = string.Concat(CalendarWriter.Write(appointments, Head));
        Assert.Equal(2, text.Split("BEGIN:VTIMEZONE").Length - 1);
        Assert.True(text.IndexOf("TZID:Europe/Paris", StringComparison.Ordinal) < text.IndexOf("BEGIN:VEVENT", StringComparison.Ordinal));
    }

    [Fact]
    public void A_hundred_thousand_appointments_are_written_and_read_in_the_memory_of_one()
    {
        var appointments = Enumerable.Range(0, 100_000).Select(index => Plain with { Uid = $"u{index}", TimeZone = "Europe/Paris" });
        using var text = new ChunkReader(CalendarWriter.Write(appointments, Head));
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var (read, most) = (0, 0L);
        foreach (var item in CalendarReader.Read(text, CalendarReading.Usual))
        {
            read += item is CalendarItem.Read ? 1 : 0;
            most = read % 20_000 == 0 ? Math.Max(most, GC.GetTotalMemory(forceFullCollection: true) - before) : most;
        }

        Assert.Equal(100_000, read);
        Assert.True(most < 20_000_000, $"{most} bytes held while streaming");
    }

    private static Appointment Hostile(string text, string uri) => new()
    {
        Uid = text, Owner = new("user:" + text), Title = text, Description = text, Location = text, Start = new(2026, 11, 23, 9, 0), TimeZone = "UTC",
        Duration = NominalDuration.OfMinutes(30), Attendees = [new() { Calendar = new("room:" + text), Role = Kalends.Availability.AttendeeRole.Resource }],
        Links = [new() { Uri = uri, Title = text }], Attachments = [new() { Uri = uri, Title = text, MediaType = text, Size = 1 }],
        Reminders = [new() { Before = NominalDuration.OfMinutes(5), Channel = ReminderChannel.Email }],
        Metadata = new Dictionary<string, string> { [text] = text },
    };

    private static int PropertiesSeenByOthers(string text) =>
        Assert.Single(Assert.IsType<Ical.Net.Calendar>(Ical.Net.Calendar.Load(text)).Events).Properties.Count;

    /// <summary>The names of all lines as the most splitting of readers sees them.</summary>
    private static List<string> Names(string text) =>
        [.. text.Replace("\r\n ", "", StringComparison.Ordinal)
            .Split(["\r\n", "\r", "\n", "\v", "\f", "\u0085", "\u2028", "\u2029", "\x1C", "\x1D", "\x1E"], StringSplitOptions.None)
            .Select(line => line.Split([':', ';'])[0])];
}
