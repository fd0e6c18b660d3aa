using System.Diagnostics;
using System.Text.Json.Nodes;
using NodaTime;
using static Kalends.Tests.Conversations.Series.SeriesDesk;

namespace Kalends.Tests.Conversations.Audit;

/// <summary>Somebody, or something that spoke for them, laid waste to a calendar of a year; a week later it is noticed.</summary>
public class RestoringAWeekTests
{
    private const int Appointments = 1_300;

    private static readonly string Restore =
        """{"calendar":"user:ana","timespan":{"from":"2026-11-01T00:00:00Z","to":"2028-11-01T00:00:00Z"},"asOf":"2026-11-01T10:00:00Z"}""";

    [Fact]
    public async Task A_calendar_of_1300_appointments_is_put_back_by_one_command()
    {
        await using var desk = await Desk.Open();
        desk.WatchesVersions = false;
        var ids = await Build(desk);
        var before = await Seen(desk);
        desk.Clock.Now += Duration.FromDays(7);
        await LayWaste(desk, ids);
        var wasted = await Seen(desk);
        Assert.NotEqual(before, wasted);

        var (dry, dryTime) = await Timed(() => desk.Do("restore-appointments", Restore, options: new() { DryRun = true }));
        Assert.Equal(wasted, await Seen(desk));
        var (answer, time) = await Timed(() => desk.Do("restore-appointments", Restore));
        Assert.Equal(dry.ToJsonString(), answer.ToJsonString());
        Console.WriteLine($"{desk.Store.GetType().Name}: restored {answer["saved"]!.AsArray().Count}, deleted {answer["deleted"]!.AsArray().Count}: {time}, dry {dryTime}");
        Assert.Equal("[]", answer["skipped"]!.ToJsonString());
        Assert.Equal((1_100, 100), (answer["saved"]!.AsArray().Count, answer["deleted"]!.AsArray().Count));
        Assert.Equal(before, await Seen(desk));
        Assert.Empty(await desk.FindBroken());
        Assert.Equal("""{"saved":[],"deleted":[],"skipped":[]}""", (await desk.Do("restore-appointments", Restore)).ToJsonString());
        Assert.True(time < TimeSpan.FromSeconds(30), $"took {time}");
    }

    private static async Task<List<string>> Build(Desk desk)
    {
        var saved = await Save(desk, Enumerable.Range(0, Appointments).Select(number => Meeting(number, $"Meeting {number}", number)));
        return [.. saved["saved"]!.AsArray().Select(one => (string)one!["id"]!)];
    }

    /// <summary>300 deleted, 400 moved (some in a room), 400 renamed, 100 made, 200 left alone.</summary>
    private static async Task LayWaste(Desk desk, List<string> ids)
    {
        await desk.Do("delete-appointments", $$"""{"appointments":[{{string.Join(',', ids.Take(300).Select(id => $$"""{"id":"{{id}}"}"""))}}]}""");
        await Save(desk, Enumerable.Range(300, 400).Select(number => Meeting(number, $"Meeting {number}", number + 1_500, ids[number])));
        await Save(desk, Enumerable.Range(700, 400).Select(number => Meeting(number, "Lost", number, ids[number])));
        await Save(desk, Enumerable.Range(0, 100).Select(number => Meeting(1, "Made", number)));
    }

    private static Task<JsonNode> Save(Desk desk, IEnumerable<string> appointments) =>
        desk.Do("save-appointments", $$"""{"appointments":[{{string.Join(',', appointments)}}]}""");

    private static string Meeting(int number, string title, int place, string? id = null)
    {
        var start = new LocalDateTime(2026, 11, 2, 6, 0).PlusDays(place % 500).PlusHours(place / 500 * 3);
        var room = number % 10 == 0 ? ""","attendees":[{"calendar":"user:ana"},{"calendar":"room:paris-3"}]""" : "";
        return $$"""{"title":"{{title}}","start":"{{start:uuuu-MM-dd'T'HH:mm:ss}}","timeZone":"Europe/Paris","duration":"PT45M"{{room}}{{(id is null ? "" : $",\"id\":\"{id}\"")}}}""";
    }

    private static async Task<string> Seen(Desk desk)
    {
        var found = await desk.Entries("2026-11-01", "2028-11-01");
        return string.Join('\n', found.Select(entry =>
        {
            var told = entry.Appointment.DeepClone().AsObject();
            told.Remove("version");
            told.Remove("updatedAt");
            return $"{entry.From} {told.ToJsonString()}";
        }));
    }

    private static async Task<(JsonNode Answer, TimeSpan Time)> Timed(Func<Task<JsonNode>> work)
    {
        var started = Stopwatch.GetTimestamp();
        var answer = await work();
        return (answer, Stopwatch.GetElapsedTime(started));
    }
}
