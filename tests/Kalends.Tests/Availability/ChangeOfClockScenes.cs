using CsCheck;
using Kalends.Availability;
using NodaTime;

namespace Kalends.Tests.Availability;

/// <summary>
/// Random working days in local time on and around the days when clocks change: every person lives in a zone of his own, keeps open
/// hours there and makes appointments at hours on its wall. Between them the zones change by a whole hour, by half an
/// hour (Lord Howe), at midnight (Santiago, Beirut), by a whole day (Apia) and in winter (Dublin, Casablanca).
/// </summary>
public static class ChangeOfClockScenes
{
    public static readonly string[] ZoneNames =
    [
        "Africa/Cairo", "Africa/Casablanca", "America/Asuncion", "America/Caracas", "America/Chicago", "America/Havana",
        "America/New_York", "America/Santiago", "America/Sao_Paulo", "America/St_Johns", "Antarctica/Troll", "Asia/Amman",
        "Asia/Beirut", "Asia/Gaza", "Asia/Jerusalem", "Asia/Pyongyang", "Asia/Tehran", "Australia/Adelaide", "Australia/Lord_Howe",
        "Australia/Sydney", "Europe/Dublin", "Europe/Lisbon", "Europe/London", "Europe/Moscow", "Europe/Paris", "Pacific/Apia",
        "Pacific/Auckland", "Pacific/Chatham", "Pacific/Norfolk",
    ];

    /// <summary>All offsets of these zones and years are whole quarters of an hour.</summary>
    private const int Quarter = 900;

    private static readonly Instant FirstYear = Instant.FromUtc(1992, 1, 1, 0, 0);
    private static readonly Instant LastYear = Instant.FromUtc(2037, 1, 1, 0, 0);

    private static readonly (DateTimeZone Zone, Instant[] Changes)[] Zones =
        [.. ZoneNames.Select(name => DateTimeZoneProviders.Tzdb[name]).Select(zone => (zone, Changes(zone)))];

    public static readonly Gen<Scene> Any =
        from home in Gen.OneOf(Zones)
        from change in Gen.OneOf(home.Changes)
        from days in Gen.Int[-1, 0]
        from hour in Gen.OneOf(0, 7, 13)
        from quarters in Gen.Int[24, 144]
        let start = home.Zone.AtLeniently(change.InZone(home.Zone).Date.PlusDays(days).At(new(hour, 0))).ToInstant()
        from calendars in Calendar(home.Zone, start).Array[1, 6]
        from people in Scenes.People(calendars.Length)
        from rules in Scenes.Rules(Quarter)
        select new Scene(
            Quarter, Seconds(start), Seconds(start) + (quarters * Quarter), calendars, people.Groups, people.Optional, rules);

    private static Instant[] Changes(DateTimeZone zone) =>
        [.. zone.GetZoneIntervals(FirstYear, LastYear).Where(interval => interval.HasStart && interval.Start > FirstYear)
            .Select(interval => interval.Start)];

    private static Gen<Block[]> Calendar(DateTimeZone home, Instant around)
    {
        var zone = Gen.Frequency((2, Gen.Const(home)), (1, Gen.OneOf([.. Zones.Select(other => other.Zone)])));
        return from own in zone
               from hours in Gen.OneOf((0, 24), (9, 17), (7, 13), (14, 22), (1, 3))
               from appointments in Appointment(own, around).Array[0, 6]
               select (Block[])[.. appointments, .. Closed(own, around, hours)];
    }

    private static Gen<Block> Appointment(DateTimeZone zone, Instant around)
    {
        var state = Gen.OneOf(
            BlockState.Busy, BlockState.Busy, BlockState.Tentative, BlockState.Held, BlockState.OutOfOffice, BlockState.Unavailable);
        return from day in Gen.Int[-1, 2]
               from quarter in Gen.Int[0, 95]
               from lasting in Gen.Int[1, 12]
               from kind in state
               let start = Seconds(Local(zone, around, day).At(LocalTime.FromMinutesSinceMidnight(quarter * 15)), zone)
               select new Block(start, start + (lasting * Quarter), kind);
    }

    private static IEnumerable<Block> Closed(DateTimeZone zone, Instant around, (int From, int To) hours)
    {
        var closes = Seconds(Local(zone, around, -4).AtMidnight(), zone);
        for (var day = -3; day <= 4; day++)
        {
            var date = Local(zone, around, day);
            var opens = Seconds(date.AtMidnight().PlusHours(hours.From), zone);
            yield return new(closes, Math.Max(opens, closes), BlockState.Closed);
            closes = Seconds(date.AtMidnight().PlusHours(hours.To), zone);
        }
    }

    private static LocalDate Local(DateTimeZone zone, Instant around, int days) => around.InZone(zone).Date.PlusDays(days);

    private static long Seconds(LocalDateTime local, DateTimeZone zone) => Seconds(local.InZoneLeniently(zone).ToInstant());

    private static long Seconds(Instant instant) => instant.ToUnixTimeSeconds();
}
