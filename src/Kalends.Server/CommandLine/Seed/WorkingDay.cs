using Kalends.Appointments;
using Kalends.Availability;
using NodaTime;

namespace Kalends.Server.CommandLine.Seed;

/// <summary>One day of the whole company, in the order in which such days fill up: team routines first, then meetings, then what fits between.</summary>
internal sealed class WorkingDay(Company company, LocalDate date, Random random, AppointmentMaking making)
{
    private readonly DayPlan plan = new();

    /// <summary>Nobody plans on weekends and holidays; the few who work then are not worth making up.</summary>
    private bool IsFree => date.DayOfWeek >= IsoDayOfWeek.Saturday || Holiday is not null;

    private string? Holiday => Array.Find(Vocabulary.Holidays, holiday => (holiday.Month, holiday.Day) == (date.Month, date.Day)).Name;

    /// <summary>When a team's stand-up is, each working day; it is a series of its own.</summary>
    public static int StandUpAt(int team) => DayPlan.QuarterOf(9, 15 * (team % 4));

    public IEnumerable<Appointment> Appointments() => IsFree
        ? Holiday is { } holiday ? company.People.Select(person => making.WholeDays(person.Id, holiday, date, 1, FreeBusyStatus.OutOfOffice)) : []
        : company.Teams.SelectMany(Routines).Concat(company.People.SelectMany(Meetings)).Concat(company.People.SelectMany(Alone));

    private IEnumerable<Appointment> Routines(IReadOnlyList<Person> team, int index)
    {
        plan.Take(team, StandUpAt(index), 1);
        if (date.DayOfWeek == IsoDayOfWeek.Monday)
        {
            yield return Meet($"Team meeting {Company.TeamName(index)}", team, DayPlan.QuarterOf(10, 0) + (index % 3 * 4), 4, withRoom: true);
            yield return making.WholeDays(Company.TeamCalendar(index), $"Sprint {date.DayOfYear / 14 + 1}", date, 5, FreeBusyStatus.Free);
        }

        // The first of a team leads it, and sees one of the others each day.
        if (team.Count > 1)
        {
            var other = team[1 + (date.DayOfYear % (team.Count - 1))];
            var quarter = plan.FreeFor(team[0], 2, DayPlan.QuarterOf(14, 0)) ?? DayPlan.QuarterOf(17, 0);
            yield return Meet("One to one", [team[0], other], quarter, 2, withRoom: true);
        }
    }

    /// <summary>One person in three calls a meeting each day: mostly with the own team, sometimes with people of anywhere.</summary>
    private IEnumerable<Appointment> Meetings(Person person)
    {
        if (random.Next(3) > 0)
        {
            yield break;
        }

        var circle = random.Next(5) == 0 ? company.People : company.Teams[person.Team];
        var wanted = 2 + (int)(random.NextDouble() * random.NextDouble() * 11);
        var others = Enumerable.Range(0, wanted).Select(_ => circle[random.Next(circle.Count)]).Where(other => other != person).Distinct();
        var length = random.Next(4) switch { 0 => 2, 1 => 3, 2 => 4, _ => 6 };
        if (plan.FreeFor(person, length, random.Next(DayPlan.QuarterOf(9, 0), DayPlan.QuarterOf(17, 0))) is { } quarter)
        {
            yield return Meet(Word(Vocabulary.Meetings), [person, .. others], quarter, length, withRoom: random.Next(3) > 0);
        }
    }

    private IEnumerable<Appointment> Alone(Person person)
    {
        if (random.Next(10) < 8)
        {
            yield return Block(person, "Lunch", DayPlan.QuarterOf(12, 0) + random.Next(3), 3);
        }

        if (random.Next(10) < 7 && plan.FreeFor(person, 6, random.Next(36)) is { } focus)
        {
            yield return Block(person, Word(Vocabulary.Focus), focus, 6);
        }

        switch (random.Next(40))
        {
            case 0 or 1 when plan.FreeFor(person, 4, random.Next(36)) is { } quarter:
                var privacy = random.Next(4) == 0 ? Privacy.Secret : Privacy.Private;
                yield return Block(person, Word(Vocabulary.Personal), quarter, 4) with { Privacy = privacy, FreeBusyStatus = FreeBusyStatus.OutOfOffice };
                break;
            case 2:
                yield return Block(person, Word(Vocabulary.Travel), 0, 12) with { FreeBusyStatus = FreeBusyStatus.OutOfOffice };
                break;
            case 3 when date.DayOfWeek == IsoDayOfWeek.Monday:
                yield return making.WholeDays(person.Id, "Leave", date, 1 + random.Next(10), FreeBusyStatus.OutOfOffice);
                break;
            case 4:
                yield return making.WholeDays(person.Id, "Birthday of " + Word(Vocabulary.FirstNames), date, 1, FreeBusyStatus.Free);
                break;
        }
    }

    private Appointment Block(Person person, string title, int quarter, int length)
    {
        plan.Take([person], quarter, length);
        return making.Timed(person, title, date, quarter, length);
    }

    private Appointment Meet(string title, IReadOnlyList<Person> people, int quarter, int length, bool withRoom)
    {
        var owner = people[0];
        var here = people.Count(person => person.Site == owner.Site);
        var room = withRoom ? plan.Book(company.Rooms.Where(room => room.Site == owner.Site), here, quarter, length) : null;
        var attendees = people.Select(person => Invited(person, owner, quarter, length)).ToList();
        if (room is not null)
        {
            attendees.Add(new() { Calendar = room.Id, Role = AttendeeRole.Resource, Response = AttendeeResponse.Accepted });
        }

        plan.Take(people.Where(person => person.Site == owner.Site), quarter, length);
        return making.Timed(owner, title, date, quarter, length, attendees) with
        {
            Location = room?.Id.Value["room:".Length..],
            Status = random.Next(12) == 0 ? AppointmentStatus.Tentative : AppointmentStatus.Confirmed,
            Privacy = random.Next(25) == 0 ? Privacy.Private : Privacy.Public,
        };
    }

    /// <summary>Who is taken already mostly declines; most others accept.</summary>
    private Attendee Invited(Person person, Person owner, int quarter, int length)
    {
        var chance = random.Next(20);
        var busy = person.Site == owner.Site && plan.IsTaken(person, quarter, length);
        var response = person == owner ? AttendeeResponse.Accepted
            : busy && chance < 14 ? AttendeeResponse.Declined
            : chance switch
            {
                < 2 => AttendeeResponse.NeedsAction,
                2 => AttendeeResponse.Tentative,
                3 => AttendeeResponse.Declined,
                _ => AttendeeResponse.Accepted,
            };
        var role = person == owner ? AttendeeRole.Chair : chance == 19 ? AttendeeRole.Optional : AttendeeRole.Required;
        return new() { Calendar = person.Id, Role = role, Response = response };
    }

    private string Word(string[] among) => among[random.Next(among.Length)];
}
