using System.Globalization;
using Kalends.Appointments;
using Kalends.Availability;
using Kalends.Messages.Json;
using Kalends.Storage;
using Kalends.Storage.Postgres;
using Kalends.Time;
using NodaTime;
using ZstdSharp;

namespace Kalends.Bench.Postgres;

/// <summary>
/// Makes the dictionary that bodies of appointments are packed with, out of appointments made up: <c>-- dictionary FILE</c>. A store that holds
/// bodies needs the very dictionary they were packed with, so another one gets another number and the old one stays.
/// </summary>
public static class BodyDictionary
{
    private const int Samples = 20_000;

    private const int Bytes = 12 * 1024;

    private static readonly string[] Titles =
        ["Budget", "Review", "Standup", "Planning", "One to one", "Lunch", "Interview", "Focus time", "Call with the customer", "Demo", "Retrospective",
         "All hands", "Training", "Travel", "Workshop", "Doctor", "Vacation", "Sprint planning", "Design review", "Weekly sync", "Board meeting", "Onboarding"];

    private static readonly string[] Zones =
        ["Europe/Paris", "Europe/Berlin", "Europe/London", "Europe/Zurich", "Europe/Madrid", "America/New_York", "America/Chicago", "America/Denver",
         "America/Los_Angeles", "America/Sao_Paulo", "Asia/Tokyo", "Asia/Kolkata", "Asia/Singapore", "Asia/Shanghai", "Australia/Sydney", "UTC"];

    private static readonly string[] Rules =
        ["FREQ=WEEKLY;BYDAY=MO", "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH", "FREQ=MONTHLY;BYDAY=1MO", "FREQ=MONTHLY;BYMONTHDAY=15;COUNT=12",
         "FREQ=YEARLY", "FREQ=WEEKLY;UNTIL=20271231T235959Z"];

    private static readonly string[] Apps = ["web", "mobile", "crm", "outlook", "google", "cli", "hr"];

    public static int Run(string file, TextWriter output)
    {
        var random = new Random(1);
        var samples = Enumerable.Range(0, Samples).Select(_ => Shortened(Sample(random))).ToList();
        File.WriteAllBytes(file, [.. DictBuilder.TrainFromBuffer(samples, Bytes)]);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{file}: from {Samples} appointments of {samples.Average(sample => sample.Length):0} bytes"));
        return 0;
    }

    private static byte[] Shortened(Appointment says)
    {
        var row = Bookings.Row(says, 1, WireJson.Write(says));
        return row.Json[..new Beside(row.Id, row.From, row.To, row.Series).Shorten(row.Json)];
    }

    private static NominalDuration Lasting(string text) => NominalDuration.TryParse(text, out var duration) ? duration : throw new FormatException(text);

    private static Appointment Sample(Random random)
    {
        var start = new LocalDate(2025, 1, 1).PlusDays(random.Next(1_500)).At(new LocalTime(random.Next(7, 20), random.Next(12) * 5));
        var (allDay, zone) = (random.Next(20) == 0, Some(Zones));
        var written = Instant.FromUtc(2025, 1, 1, 0, 0).Plus(Duration.FromSeconds(random.Next(120_000_000)));
        var id = Guid.CreateVersion7(written.ToDateTimeOffset());
        var owner = Person();
        var says = new Appointment
        {
            Id = id,
            Uid = random.Next(4) == 0 ? $"{random.NextInt64():x}@google.com" : $"{id}@kalends",
            Version = random.Next(1, 6),
            Owner = owner,
            Status = random.Next(12) == 0 ? AppointmentStatus.Tentative : AppointmentStatus.Confirmed,
            Title = Some(Titles) + (random.Next(3) == 0 ? $" {random.Next(100)}" : ""),
            Description = random.Next(8) == 0 ? $"{Some(Titles)}: please bring the figures." : null,
            Location = random.Next(4) == 0 ? $"Room {random.Next(40)}" : null,
            Start = allDay ? start.Date.AtMidnight() : start,
            TimeZone = allDay ? null : zone,
            Duration = Lasting(allDay ? "P1D" : Some(["PT15M", "PT30M", "PT45M", "PT1H", "PT1H30M", "PT2H"])),
            AllDay = allDay,
            Attendees = [.. Enumerable.Range(0, random.Next(1, 6)).Select(place => Attendee(place, owner))],
            FreeBusyStatus = random.Next(10) == 0 ? FreeBusyStatus.Free : FreeBusyStatus.Busy,
            Privacy = random.Next(10) == 0 ? Privacy.Private : Privacy.Public,
            Recurrence = random.Next(15) == 0 ? new() { Rule = Some(Rules) } : null,
            Series = random.Next(15) == 0 ? new() { Id = Guid.CreateVersion7(), RecurrenceId = start, Detached = true } : null,
            Links = random.Next(15) == 0 ? [new() { Uri = $"https://meet.example.com/{random.NextInt64():x}", Title = "agenda" }] : null,
            Reminders = random.Next(4) == 0 ? [new() { Before = Lasting(Some(["PT10M", "PT15M", "PT1H"])), Channel = ReminderChannel.Email }] : null,
            App = Some(Apps),
            ManagedByApp = random.Next(20) == 0,
            Metadata = random.Next(15) == 0 ? new Dictionary<string, string> { ["deal"] = $"{random.Next(9_999)}" } : null,
            Originator = owner,
            CreatedAt = written,
            UpdatedAt = random.Next(3) == 0 ? written.Plus(Duration.FromSeconds(random.Next(900_000))) : written,
        };
        return Completion.Retimed(says);

        T Some<T>(IReadOnlyList<T> all) => all[random.Next(all.Count)];

        CalendarId Person() => new(random.Next(3) == 0 ? $"user:{(char)('a' + random.Next(26))}{random.Next(99_999)}" : $"user:p{random.Next(99_999):00000}");

        Attendee Attendee(int place, CalendarId chair) => place == 0
            ? new() { Calendar = chair, Role = AttendeeRole.Chair, Response = AttendeeResponse.Accepted }
            : random.Next(5) == 0
                ? new() { Calendar = new($"room:paris-{random.Next(40)}"), Role = AttendeeRole.Resource, Response = AttendeeResponse.Accepted }
                : new() { Calendar = Person(), Role = (AttendeeRole)random.Next(1, 3), Response = (AttendeeResponse)random.Next(4) };
    }
}
