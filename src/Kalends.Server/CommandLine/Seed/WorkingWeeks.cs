using Kalends.Appointments;
using Kalends.Calendars;
using NodaTime;

namespace Kalends.Server.CommandLine.Seed;

/// <summary>
/// Made-up working weeks that look like a company's: stand-ups and weekly team meetings, one-to-ones, meetings of three to twelve with
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

    public IEnumerable<Appointment> Appointments()
    {
        var random = new Random(plan.Seed);
        var making = new AppointmentMaking(plan.Seed, random);
        foreach (var date in Enumerable.Range(0, plan.Days).Select(plan.From.PlusDays))
        {
            var day = new WorkingDay(company, date, random, making);
            foreach (var appointment in day.Appointments())
            {
                yield return appointment;
            }
        }
    }
}
