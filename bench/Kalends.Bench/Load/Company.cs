using Kalends.Appointments;
using Kalends.Availability;
using Kalends.Storage;
using Kalends.Time;
using NodaTime;

namespace Kalends.Bench.Load;

/// <summary>
/// A company's working year, the same for the same seed: 25 appointments a person and week, meetings of two to six people in each
/// person's own ring of colleagues, titles and texts of usual length. 1,300 attendances a person and year. So many of a hundred appointments are
/// a person's own <paramref name="alone"/>: 40 make 2.8 attendances each, 60 make 2.2.
/// </summary>
public sealed class Company(int people, int seed, int alone = 40, int weeks = 52)
{
    public static readonly LocalDate FirstDay = new(2026, 1, 5);
    private const int Weeks = 52;
    private const int AttendancesPerPersonAndWeek = 25;

    private readonly Random random = new(seed);

    public int People => people;

    public static int PeopleFor(int attendances) => Math.Max(60, attendances / (Weeks * AttendancesPerPersonAndWeek));

    public static CalendarId Person(int number) => new($"user:p{number:00000}");

    /// <summary>All appointments, week by week; each owned by its first attendee.</summary>
    public IEnumerable<Appointment> Appointments()
    {
        for (var week = 0; week < weeks; week++)
        {
            var left = people * AttendancesPerPersonAndWeek;
            while (left > 0)
            {
                var attendees = random.Next(100) < alone ? 1 : random.Next(2, 7);
                left -= attendees;
                yield return Make(random.Next(people), attendees, week);
            }
        }
    }

    private Appointment Make(int owner, int attendees, int week)
    {
        // Quarters of an hour between eight and half past five.
        var start = FirstDay.PlusDays((week * 7) + random.Next(5)).At(new LocalTime(8, 0)).PlusMinutes(15 * random.Next(38));
        return new()
        {
            Owner = Person(owner),
            Title = $"Review of work {random.Next(10_000)}",
            Description = "Agenda: what was done, what comes next, what stands in the way. Notes are in the shared folder of the team.",
            Location = "Second floor",
            Start = start,
            TimeZone = "Europe/Paris",
            Duration = NominalDuration.OfMinutes(15 * random.Next(1, 6)),
            Attendees = [.. Enumerable.Range(0, attendees).Select(place => new Attendee
            {
                Calendar = Person((owner + (place * place)) % people),
                Response = AttendeeResponse.Accepted,
            })],
        };
    }
}
