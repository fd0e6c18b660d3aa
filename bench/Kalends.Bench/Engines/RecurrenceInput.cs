using Kalends.Recurrence;
using Kalends.Time;
using NodaTime;
using NodaTime.Text;

namespace Kalends.Bench.Engines;

/// <summary>
/// Rules as people's calendars have them, and some that are hard: zones with gaps and folds, starts long ago, positions, counts. Read over
/// two years from 2026.
/// </summary>
public static class RecurrenceInput
{
    public static readonly Instant From = Instant.FromUtc(2026, 1, 1, 0, 0);

    public static readonly Instant To = Instant.FromUtc(2028, 1, 1, 0, 0);

    /// <summary>Start, zone, rule.</summary>
    public static readonly IReadOnlyList<(LocalDateTime Start, string Zone, string Rule)> Cases =
    [
        .. from line in Lines.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
           let parts = line.Split(' ')
           select (LocalDateTimePattern.CreateWithInvariantCulture("uuuu-MM-dd'T'HH:mm").Parse(parts[0]).Value, parts[1], parts[2]),
    ];

    public static RecurrenceSet[] Sets() => [.. Cases.Select(of => Set(of.Start, of.Zone, of.Rule))];

    public static RecurrenceSet Set(LocalDateTime start, string zone, string rule) =>
        RecurrenceRule.TryParse(rule, RuleReading.Strict, out var read, out var fault)
            ? new() { Start = start, Zone = Zones.Get(zone), Rules = [read] }
            : throw new FormatException($"{rule}: {fault}");

    private const string Lines = """
        2026-01-05T09:00 Europe/Paris FREQ=DAILY
        2015-03-02T09:15 Europe/Paris FREQ=DAILY
        1990-01-01T08:00 America/New_York FREQ=DAILY
        2025-11-03T02:30 America/New_York FREQ=DAILY
        2024-06-01T01:30 Europe/London FREQ=DAILY;INTERVAL=2
        2012-02-29T12:00 Asia/Tokyo FREQ=DAILY;INTERVAL=3
        2025-12-01T07:00 America/Sao_Paulo FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR
        2019-09-02T18:45 Australia/Sydney FREQ=DAILY;BYMONTH=1,2,3,10,11,12
        2025-12-29T09:00 Europe/Berlin FREQ=DAILY;COUNT=500
        2026-01-01T06:00 Asia/Kolkata FREQ=DAILY;UNTIL=20270630T000000Z
        2026-01-01T08:00 Europe/Zurich FREQ=DAILY;BYHOUR=8,12,18
        2026-01-01T09:00 America/Chicago FREQ=DAILY;BYHOUR=9,10,11,14,15,16;BYMINUTE=0,30
        2026-01-02T00:00 America/Santiago FREQ=DAILY
        2026-01-02T02:15 Australia/Lord_Howe FREQ=DAILY
        2026-01-05T09:30 Europe/Paris FREQ=WEEKLY
        2015-01-05T09:30 Europe/Paris FREQ=WEEKLY
        2026-01-05T10:00 Europe/Madrid FREQ=WEEKLY;BYDAY=MO,WE,FR
        2011-05-03T10:00 Europe/Madrid FREQ=WEEKLY;BYDAY=TU,TH
        2026-01-05T08:30 America/Los_Angeles FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR
        2018-01-08T08:30 America/Los_Angeles FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR
        2026-01-06T14:00 Europe/Oslo FREQ=WEEKLY;INTERVAL=2;BYDAY=TU
        2014-09-16T14:00 Europe/Oslo FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH;WKST=SU
        2026-01-04T19:00 America/Denver FREQ=WEEKLY;INTERVAL=3;BYDAY=SU
        2026-01-09T16:00 Europe/Lisbon FREQ=WEEKLY;INTERVAL=4
        2025-12-07T02:30 Europe/Warsaw FREQ=WEEKLY;BYDAY=SU
        2026-01-05T11:00 Africa/Cairo FREQ=WEEKLY;COUNT=60;BYDAY=MO,TH
        2026-01-05T09:00 Europe/Vienna FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1
        2025-09-01T09:00 Europe/Vienna FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1,-1
        2025-09-01T17:00 Asia/Jerusalem FREQ=WEEKLY;BYDAY=SU,MO,TU,WE,TH;UNTIL=20261231T220000Z
        2026-01-15T10:00 Europe/Paris FREQ=MONTHLY
        2015-05-15T10:00 Europe/Paris FREQ=MONTHLY
        2025-01-31T18:00 America/Toronto FREQ=MONTHLY
        2025-01-31T18:00 America/Toronto FREQ=MONTHLY;BYMONTHDAY=-1
        2016-01-01T09:00 Pacific/Auckland FREQ=MONTHLY;BYMONTHDAY=1,15
        2026-01-06T13:00 Europe/Rome FREQ=MONTHLY;BYDAY=1TU
        2013-01-25T16:00 Europe/Rome FREQ=MONTHLY;BYDAY=-1FR
        2026-01-12T09:00 America/New_York FREQ=MONTHLY;BYDAY=2MO,4MO
        2025-12-31T17:00 America/New_York FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1
        2014-01-01T09:00 Europe/London FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1
        2026-01-28T09:00 Europe/London FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-3
        2024-02-13T13:13 Europe/Athens FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=FR
        2025-10-05T02:30 Australia/Adelaide FREQ=MONTHLY;BYDAY=1SU
        2025-10-01T08:00 Asia/Singapore FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=1
        2010-03-10T12:00 Asia/Dubai FREQ=MONTHLY;INTERVAL=6
        2026-01-20T15:00 Europe/Dublin FREQ=MONTHLY;COUNT=12
        2026-02-10T09:00 Europe/Prague FREQ=MONTHLY;BYMONTH=2,5,8,11;BYDAY=2TU
        2000-07-14T00:00 Europe/Paris FREQ=YEARLY
        1969-02-28T07:00 America/New_York FREQ=YEARLY
        2024-02-29T12:00 Europe/Helsinki FREQ=YEARLY
        1996-11-05T09:00 America/New_York FREQ=YEARLY;INTERVAL=2;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8
        2010-11-25T12:00 America/New_York FREQ=YEARLY;BYMONTH=11;BYDAY=4TH
        2015-05-25T09:00 America/New_York FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO
        2012-03-25T01:00 Europe/London FREQ=YEARLY;BYMONTH=3,10;BYDAY=-1SU
        2020-01-01T09:00 Europe/Stockholm FREQ=YEARLY;BYYEARDAY=1,100,200,-1
        2019-05-13T09:00 Europe/Amsterdam FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO,TU,WE,TH,FR
        2015-12-28T09:00 Europe/Amsterdam FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO
        2021-03-31T17:00 Asia/Hong_Kong FREQ=YEARLY;BYMONTH=3,6,9,12;BYMONTHDAY=-1
        2018-12-31T17:00 Europe/Brussels FREQ=YEARLY;BYMONTH=12;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1
        2026-02-01T09:00 Europe/Paris FREQ=HOURLY;INTERVAL=6;COUNT=400
        2026-03-28T00:00 Europe/Paris FREQ=HOURLY;INTERVAL=4;BYDAY=SA,SU
        2026-06-01T08:00 UTC FREQ=MINUTELY;INTERVAL=30;BYHOUR=8,9,10,11;COUNT=300
        """;
}
