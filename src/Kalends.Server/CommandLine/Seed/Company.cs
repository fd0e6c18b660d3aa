using System.Globalization;
using Kalends.Calendars;
using Kalends.Storage;

namespace Kalends.Server.CommandLine.Seed;

internal sealed record Person(CalendarId Id, string Name, Site Site, int Team);

internal sealed record Room(CalendarId Id, int Seats, Site Site);

/// <summary>An office: its people keep its hours.</summary>
internal sealed record Site(string Name, string Zone);

/// <summary>
/// Who and what there is: people in teams of eight, a team at one site, and at each site a room for every six people, small ones first.
/// The named people are the first team and a bit, in Paris.
/// </summary>
internal sealed class Company
{
    private const int TeamSize = 8;
    private const int PeoplePerRoom = 6;
    private const int FewestRooms = 3;

    private static readonly Site[] Sites =
        [new("paris", "Europe/Paris"), new("london", "Europe/London"), new("new-york", "America/New_York"), new("bangalore", "Asia/Kolkata")];

    private static readonly int[] Seats = [4, 6, 8, 12, 4, 6, 20];

    public Company(int people)
    {
        People = [.. Enumerable.Range(0, people).Select(Describe)];
        Teams = [.. People.GroupBy(person => person.Team).Select(team => team.ToList())];
        Rooms = [.. People.GroupBy(person => person.Site).SelectMany(site => Enumerable.Range(1, Math.Max(FewestRooms, site.Count() / PeoplePerRoom))
            .Select(number => new Room(new($"room:{site.Key.Name}-{number}"), Seats[(number - 1) % Seats.Length], site.Key)))];
    }

    public IReadOnlyList<Person> People { get; }

    public IReadOnlyList<IReadOnlyList<Person>> Teams { get; }

    public IReadOnlyList<Room> Rooms { get; }

    public static CalendarId TeamCalendar(int team) => new($"group:{TeamName(team)}");

    public IEnumerable<CalendarToSave> Calendars() =>
    [
        .. People.Select(person => new CalendarToSave
        {
            Calendar = person.Id, Kind = CalendarKind.User, Name = person.Name, TimeZone = person.Site.Zone, Site = person.Site.Name,
        }),
        .. Teams.Select((team, index) => new CalendarToSave
        {
            Calendar = TeamCalendar(index), Kind = CalendarKind.Group, Name = $"Team {TeamName(index)}", TimeZone = team[0].Site.Zone,
        }),
        .. Rooms.Select((room, index) => new CalendarToSave
        {
            Calendar = room.Id, Kind = CalendarKind.Room, Name = room.Id.Value["room:".Length..], TimeZone = room.Site.Zone, Site = room.Site.Name,
            Capacity = room.Seats, DoubleBooking = DoubleBooking.Refuse,
            Features = [.. Vocabulary.Features.Where((_, feature) => (index + feature) % 3 != 0)],
        }),
    ];

    public static string TeamName(int team) => Vocabulary.Teams[team % Vocabulary.Teams.Length]
        + (team < Vocabulary.Teams.Length ? "" : "-" + ((team / Vocabulary.Teams.Length) + 1).ToString(CultureInfo.InvariantCulture));

    private static Person Describe(int index)
    {
        var team = index / TeamSize;
        var site = index < Vocabulary.Named.Length ? Sites[0] : Sites[team % Sites.Length];
        var last = Vocabulary.LastNames[(index * 7 + 3) % Vocabulary.LastNames.Length];
        if (index < Vocabulary.Named.Length)
        {
            var name = Vocabulary.Named[index];
            return new(new("user:" + name), $"{char.ToUpperInvariant(name[0])}{name[1..]} {last}", site, team);
        }

        var number = index - Vocabulary.Named.Length + 1;
        return new(new($"user:p{number:D4}"), $"{Vocabulary.FirstNames[index % Vocabulary.FirstNames.Length]} {last}", site, team);
    }
}
