using CsCheck;
using Kalends.Appointments;
using Kalends.Availability;
using Kalends.ICalendar;
using Kalends.Messages.Json;
using Kalends.Storage;
using Kalends.Time;
using NodaTime;

namespace Kalends.Tests.ICalendar;

/// <summary>What is written reads back as the same appointment, whatever people and programs put into it.</summary>
public sealed class RoundTripTests
{
    private static readonly Gen<string> Text = Gen.Frequency(
        (3, Gen.String[0, 40]),
        (2, OneOf("\r\n", "\r", "\u2028", "BEGIN:VEVENT", "END:VEVENT", "\\n", "\\", "\\\\", ";", ",", ":", "\"", "^n", "^'", "^", " ", "\t", "é😀", "\0")
            .Array[0, 12].Select(string.Concat)),
        (1, Gen.Const("Budget")));

    private static readonly Gen<CalendarId> Id = Gen.Select(
        OneOf("user:", "room:", "group:", "", "mailto:", "urn:x-kalends:"),
        Gen.Frequency((2, OneOf("ana", "ana@example.com", "Ana@Example.com", "b12@x.org", "é ", "a;b:c,\"d", "%41")), (1, Gen.String[1, 20])),
        (prefix, name) => new CalendarId(string.Concat((prefix + name).Where(character => !char.IsControl(character) && !char.IsSurrogate(character)).Append('.'))))
        .Where(id => TextValues.Clean(id.Value) == id.Value);

    private static readonly Gen<string> Zone = OneOf("UTC", "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/Santiago");

    private static readonly Gen<NominalDuration> Lasting = Gen.Select(
        Gen.Frequency((3, Gen.Const(0)), (1, Gen.Int[0, 30])), Gen.Frequency((2, Gen.Int[0, 20].Select(quarter => quarter * 900)), (1, Gen.Int[0, 200_000])),
        (days, seconds) => new NominalDuration(days, seconds));

    private static readonly Gen<Appointment> Timed = Gen.Select(Gen.Int[0, 3_000_000], Zone, Zone.Null(), Lasting, (minutes, zone, end, duration) => new Appointment
    {
        Start = new LocalDateTime(2024, 1, 1, 0, 0).PlusMinutes(minutes), TimeZone = zone, Duration = duration,
        EndTimeZone = end == zone ? null : end, AllDay = false,
    });

    private static readonly Gen<Appointment> WholeDays = Gen.Select(Gen.Int[-5_000, 20_000], Gen.Int[1, 60], (day, days) => new Appointment
    {
        Start = new LocalDate(2026, 1, 1).PlusDays(day).AtMidnight(), Duration = NominalDuration.OfDays(days), AllDay = true,
    });

    private static readonly Gen<Attendee> Somebody = Gen.Select(
        Id, Gen.Enum<AttendeeRole>().Nullable(), Gen.Enum<AttendeeResponse>().Nullable(),
        (id, role, response) => new Attendee { Calendar = id, Role = role, Response = response });

    private static readonly Gen<Reminder> Alarm = Gen.Select(
        Gen.Int[0, 100_000], Gen.Enum<ReminderChannel>(), (seconds, channel) => new Reminder { Before = NominalDuration.OfSeconds(seconds), Channel = channel });

    private static readonly Gen<string> Address = OneOf("https://example.com/a?b=c&d=%20;e,f", "http://[::1]/", "mailto:a@b", "cid:part-1", "https://bücher.example/😀");

    [Fact]
    public void What_is_written_reads_back_the_same() => Gen.Select(
        Gen.OneOf(Timed, WholeDays), Text.Array[4, 4], Id.Nullable(), Gen.Select(Somebody.Array[0, 4], Alarm.Array[0, 3], Address.Array[2, 2]),
        Gen.Select(Gen.Enum<AppointmentStatus>().Nullable(), Gen.Enum<FreeBusyStatus>().Nullable(), Gen.Enum<Privacy>().Nullable()))
        .Select((when, texts, owner, lists, states) => when with
        {
            Uid = "u" + texts[0], Owner = owner, Title = texts[1], Description = texts[2], Location = texts[3],
            Attendees = lists.Item1, Reminders = lists.Item2,
            Links = [new() { Uri = lists.Item3[0], Title = texts[0] }, new() { Uri = lists.Item3[1] }],
            Attachments = [new() { Uri = lists.Item3[1], Title = texts[1], MediaType = "text/plain", Size = 3 }],
            Status = states.Item1, FreeBusyStatus = states.Item2, Privacy = states.Item3,
            Metadata = new Dictionary<string, string> { ["k"] = texts[2], ["é;,"] = texts[3] },
            CreatedAt = Instant.FromUtc(2026, 1, 1, 10, 0), UpdatedAt = Instant.FromUtc(2026, 1, 2, 10, 0),
        })
        .Sample(Same, iter: 3_000);

    private static Gen<T> OneOf<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(index => values[index]);

    private static bool Same(Appointment written)
    {
        var text = string.Concat(CalendarWriter.Write([written], new("x", "UTC", Instant.FromUtc(2026, 1, 1, 0, 0))));
        var read = Reading.Items(text);
        var expected = System.Text.Encoding.UTF8.GetString(WireJson.Write(Expected(written)));
        var found = read is [CalendarItem.Read one] ? System.Text.Encoding.UTF8.GetString(WireJson.Write(one.Appointment)) : read[0].ToString();
        Assert.Equal(expected, found);
        return true;
    }

    /// <summary>Texts as Kalends keeps them, lists without repetition, nothing for what is empty.</summary>
    private static Appointment Expected(Appointment written) => written with
    {
        Uid = TextValues.Clean(written.Uid!).Replace('\n', ' ').Replace('\t', ' ').Trim(),
        Title = Kept(written.Title), Description = Kept(written.Description), Location = Kept(written.Location),
        Attendees = written.Attendees is { Count: > 0 } attendees ? [.. attendees.DistinctBy(attendee => attendee.Calendar)] : null,
        Reminders = written.Reminders is { Count: > 0 } reminders ? [.. reminders.Distinct()] : null,
        Links = [written.Links![0] with { Title = TextValues.Clean(Json(written.Links[0].Title!)) }, written.Links[1]],
        Attachments = [written.Attachments![0] with { Title = Kept(written.Attachments[0].Title)?.Replace('\t', ' ') }],
        Metadata = written.Metadata!.ToDictionary(entry => entry.Key, entry => TextValues.Clean(Json(entry.Value))),
    };

    private static string? Kept(string? text) => string.IsNullOrEmpty(text) || TextValues.Clean(text).Length == 0 ? null : TextValues.Clean(text);

    /// <summary>JSON keeps control characters; half a surrogate pair is replaced.</summary>
    private static string Json(string text) => WireJson.Read<string>(WireJson.Write(text));
}
