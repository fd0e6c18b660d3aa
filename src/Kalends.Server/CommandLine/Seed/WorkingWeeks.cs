using Kalends.Appointments;
using Kalends.Availability;
using Kalends.Calendars;
using NodaTime;

namespace Kalends.Server.CommandLine.Seed;

/// <summary>
/// Made-up working weeks that look like a company's: stand-ups as series, weekly team meetings, one-to-ones, meetings of three to twelve with
/// rooms, focus, lunch, travel, private affairs, holidays and leave; some tentative, some declined. About five appointments a person
/// and working day. Pure: the same plan gives the same appointments with the same ids, so seeding twice changes nothing.
/// </summary>
public sealed class WorkingWeeks(SeedPlan plan)
{
    private readonly Company company = new(plan.People);

    /// <summary>As many as one call of save-calendars takes well.</summary>
    public IEnumerable<IReadOnlyList<CalendarToSave>> CalendarBatches(int most) => company.Calendars().Chunk(most);

    public int Calendars => company.Calendars().Count();

    /// <summary>Day by day, in batches of at most so many.</summary>
    public IEnumerable<IReadOnlyList<Appointment>> Batches(int most) => Appointments().Chunk(most);

    /// <summary>Everybody's working hours, as set-open-hours takes them.</summary>
    public IEnumerable<SetOpenHours> OpenHours() => company.People.Select(person => new SetOpenHours
    {
        Calendar = person.Id,
        TimeZone = person.Site.Zone,
        OpenHours = [new() { Rule = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", Start = new(8 * 60), End = new(18 * 60) }],
    });

    public IEnumerable<Appointment> Appointments()
    {
        var random = new Random(plan.Seed);
        var making = new AppointmentMaking(plan.Seed, random);
        foreach (var (team, index) in company.Teams.Select((team, index) => (team, index)))
        {
            yield return StandUp(making, team, index);
        }

        foreach (var date in Enumerable.Range(0, plan.Days).Select(plan.From.PlusDays))
        {
            var day = new WorkingDay(company, date, random, making);
            foreach (var appointment in day.Appointments())
            {
                yield return appointment;
            }
        }
    }

    /// <summary>On working days without end, but for the holidays among the days made up.</summary>
    private Appointment StandUp(AppointmentMaking making, IReadOnlyList<Person> team, int index)
    {
        var first = plan.From.DayOfWeek >= IsoDayOfWeek.Saturday ? plan.From.Next(IsoDayOfWeek.Monday) : plan.From;
        var quarter = WorkingDay.StandUpAt(index);
        var holidays = Enumerable.Range(0, plan.Days).Select(plan.From.PlusDays)
            .Where(date => Array.Exists(Vocabulary.Holidays, holiday => (holiday.Month, holiday.Day) == (date.Month, date.Day)));
        var attendees = team.Select(person => new Attendee { Calendar = person.Id, Response = AttendeeResponse.Accepted });
        return making.Timed(team[0], "Stand-up", first, quarter, 1, attendees) with
        {
            Recurrence = new()
            {
                Rule = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
                Excluded = [.. holidays.Where(date => date != first).Select(date => date.At(DayPlan.TimeOf(quarter)))],
            },
        };
    }
}
