using NodaTime;

namespace Kalends.Server.CommandLine.Seed;

/// <summary>
/// What is taken on one day at one site, in quarters of an hour from 08:00 to 19:00 of its local time: people, who may be taken twice,
/// and rooms, which may not.
/// </summary>
internal sealed class DayPlan
{
    private const int FirstHour = 8;
    private const int Quarters = 44;

    private readonly Dictionary<Person, ulong> people = [];
    private readonly Dictionary<Room, ulong> rooms = [];

    public static LocalTime TimeOf(int quarter) => new LocalTime(FirstHour, 0).PlusMinutes(quarter * 15L);

    public static int QuarterOf(int hour, int minute) => ((hour - FirstHour) * 4) + (minute / 15);

    public bool IsTaken(Person person, int quarter, int length) => (people.GetValueOrDefault(person) & Mask(quarter, length)) != 0;

    public void Take(IEnumerable<Person> taken, int quarter, int length)
    {
        foreach (var person in taken)
        {
            people[person] = people.GetValueOrDefault(person) | Mask(quarter, length);
        }
    }

    /// <summary>The smallest of these rooms that seats so many and is free then; it is taken from now on.</summary>
    public Room? Book(IEnumerable<Room> among, int seats, int quarter, int length)
    {
        var free = among.Where(room => room.Seats >= seats && (rooms.GetValueOrDefault(room) & Mask(quarter, length)) == 0).MinBy(room => room.Seats);
        if (free is not null)
        {
            rooms[free] = rooms.GetValueOrDefault(free) | Mask(quarter, length);
        }

        return free;
    }

    /// <summary>A place in the day where the person has nothing, near where one looks first; null when the day is full.</summary>
    public int? FreeFor(Person person, int length, int lookFirst)
    {
        for (var tried = 0; tried < Quarters; tried++)
        {
            var quarter = (lookFirst + tried) % Quarters;
            if (quarter + length <= Quarters && !IsTaken(person, quarter, length))
            {
                return quarter;
            }
        }

        return null;
    }

    private static ulong Mask(int quarter, int length) => ((1UL << length) - 1) << quarter;
}
