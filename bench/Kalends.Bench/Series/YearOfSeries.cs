using System.Diagnostics;
using NodaTime;

namespace Kalends.Bench.Series;

/// <summary>
/// A person's year fetched whole, some 1,300 entries: once where it is five series of working days, once where each is an appointment by itself.
/// What an occurrence costs more to read than an appointment that says all in its own row.
/// </summary>
internal sealed class YearOfSeries(Office office)
{
    private const int Series = 5;

    private static readonly LocalDate First = new(2026, 11, 2);

    public async Task Fill()
    {
        for (var number = 0; number < Series; number++)
        {
            await office.Run("save-appointments", $$"""{"appointments":[{{Appointment("user:series", number, First, ""","recurrence":{"rule":"FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"}""")}}]}""");
            var days = Enumerable.Range(0, 366).Select(First.PlusDays).Where(day => day.DayOfWeek < IsoDayOfWeek.Saturday);
            await office.Run("save-appointments", $$"""{"appointments":[{{string.Join(',', days.Select(day => Appointment("user:singles", number, day, "")))}}]}""");
        }
    }

    public async Task<double> Fetch(string person)
    {
        var started = Stopwatch.GetTimestamp();
        var found = await office.Run(
            "get-appointments", $$"""{"timespan":{"from":"2026-11-02T00:00:00Z","to":"2027-11-02T00:00:00Z"},"attendees":["{{person}}"],"limit":20000}""");
        var took = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        return found["entries"]!.AsArray().Count >= 1_300 ? took : throw new InvalidOperationException("the year is not whole");
    }

    private static string Appointment(string person, int number, LocalDate day, string more)
    {
        var others = string.Join(',', Enumerable.Range(0, 4).Select(other => $$"""{"calendar":"user:other{{other}}"}"""));
        return $$"""
            {"owner":"{{person}}","title":"Meeting {{number}}","start":"{{day:uuuu-MM-dd}}T{{9 + number:00}}:00:00","timeZone":"Europe/Paris","duration":"PT30M",
             "description":"{{new string('x', 300)}}","attendees":[{"calendar":"{{person}}"},{{others}}]{{more}}}
            """;
    }
}
