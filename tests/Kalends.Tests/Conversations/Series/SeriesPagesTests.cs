using System.Text.Json.Nodes;
using static Kalends.Tests.Conversations.Series.SeriesDesk;

namespace Kalends.Tests.Conversations.Series;

/// <summary>Pages of series, near and beyond what is stored, while more is stored and changed between two of them.</summary>
public class SeriesPagesTests
{
    /// <summary>Three years that begin where what is stored ends in four months.</summary>
    private const string Span = "\"timespan\":{\"from\":\"2028-07-01T00:00:00Z\",\"to\":\"2031-07-01T00:00:00Z\"}";

    private const string Asked = $"{Span},\"attendees\":[\"user:ben\",\"room:paris-3\",\"user:ana\"]";

    [Theory]
    [InlineData("get-appointments", 7)]
    [InlineData("get-appointments", 100)]
    [InlineData("check-for-conflicts", 7)]
    [InlineData("check-for-conflicts", 100)]
    public async Task Nothing_is_shown_twice_or_missed_while_the_horizon_moves(string query, int limit)
    {
        await using var desk = await Desk.Open();
        await Fill(desk);
        var whole = await Pages(desk, query, query == "get-appointments" ? 20_000 : 1_000, () => Task.CompletedTask);
        Assert.Equal((3 * 157) + (2 * 110) + (3 * 2), whole.Count);
        var days = 0;
        var moved = await Pages(desk, query, limit, () => StoreMore(desk, days += limit == 7 ? 10 : 150));
        Assert.Equal(whole, moved);
        Assert.Empty(await desk.FindBroken());
    }

    [Theory]
    [InlineData(7)]
    [InlineData(100)]
    public async Task Pages_show_series_as_they_were_however_they_are_changed_meanwhile(int limit)
    {
        await using var desk = await Desk.Open();
        var ids = await Fill(desk);
        var whole = await Pages(desk, "get-appointments", 20_000, () => Task.CompletedTask);
        var step = 0;
        var read = await Pages(desk, "get-appointments", limit, async () =>
        {
            switch (++step)
            {
                case 1:
                    await desk.SaveOne(With((await desk.Get(ids[0])).ToJsonString(), "\"title\":\"New\""));
                    break;
                case 2:
                    await StoreMore(desk, 300);
                    break;
                case 3:
                    await desk.SaveOne(With(await InRoom(desk, "2030-06-01", "2030-06-08"), "\"title\":\"From here on\""), "this-and-following");
                    break;
                case 4:
                    await desk.Delete((string)JsonNode.Parse(await InRoom(desk, "2029-06-01", "2029-06-08"))!["id"]!);
                    break;
                case 5:
                    await desk.Delete(ids[1]);
                    break;
            }
        });
        Assert.True(step >= 5);
        Assert.Equal(whole, read);
        Assert.Empty(await desk.FindBroken());
    }

    [Fact]
    public async Task An_occurrence_that_became_secret_meanwhile_is_not_shown_though_it_was_public_then()
    {
        await using var desk = await Desk.Open();
        var ids = await Fill(desk);
        var carla = Desk.As("user:carla");
        var whole = await Pages(desk, "get-appointments", 20_000, () => Task.CompletedTask, carla);
        var step = 0;
        var read = await Pages(desk, "get-appointments", 100, async () =>
        {
            if (++step == 1)
            {
                await desk.SaveOne(With((await desk.Get(ids[0])).ToJsonString(), "\"title\":\"New\""));
                await desk.SaveOne(With(await InRoom(desk, "2029-06-01", "2029-06-08"), "\"privacy\":\"secret\""));
            }
        }, carla);
        Assert.Equal(whole.Where(entry => !entry.Contains("2029-06-04", StringComparison.Ordinal) || Before(entry)), read);

        // The first page was read before.
        bool Before(string entry) => whole.IndexOf(entry) < 100;
    }

    private static async Task<string[]> Fill(Desk desk)
    {
        var three = """ "attendees":[{"calendar":"user:ana"},{"calendar":"user:ben"},{"calendar":"room:paris-3"}] """;
        var weekly = (string)(await desk.SaveOne(With(Weekly, three)))["id"]!;
        var tenth = (string)(await desk.SaveOne("""
            {"title":"Tenth","start":"2026-11-03T15:00:00","timeZone":"UTC","duration":"PT30M","recurrence":{"rule":"FREQ=DAILY;INTERVAL=10"},
             "attendees":[{"calendar":"user:ben"},{"calendar":"user:ana"}]}
            """))["id"]!;
        await desk.SaveOne(With("""{"title":"Once","start":"2030-01-01T12:00:00","timeZone":"UTC","duration":"PT30M"}""", three));
        await desk.SaveOne(With("""{"title":"Twice","start":"2028-08-01T12:00:00","timeZone":"UTC","duration":"PT30M"}""", three));
        var moving = (await desk.Entries("2030-02-04", "2030-02-05"))[0].Appointment;
        await desk.SaveOne(With(moving.ToJsonString(), """ "title":"Moved","start":"2030-02-06T20:00:00" """));
        return [weekly, tenth];
    }

    private static async Task<string> InRoom(Desk desk, string from, string to) =>
        (await desk.Entries(from, to, "room:paris-3"))[0].Appointment.ToJsonString();

    /// <summary>As schedules would in so many days; the clock goes back then, since cursors last a day.</summary>
    private static async Task StoreMore(Desk desk, int days)
    {
        desk.Clock.Now += NodaTime.Duration.FromDays(days);
        await desk.Do("update-occurrences", "{}");
        desk.Clock.Now -= NodaTime.Duration.FromDays(days);
    }

    private static async Task<List<string>> Pages(Desk desk, string query, int limit, Func<Task> between, Messages.Caller? caller = null)
    {
        var (cursor, found) = ("", new List<string>());
        while (true)
        {
            var page = await desk.Do(query, $"{{{Asked},\"limit\":{limit}{cursor}}}", caller);
            found.AddRange(query == "get-appointments"
                ? page["entries"]!.AsArray().Select(entry => $"{entry!.ToJsonString()} {page["appointments"]![(string)entry["appointment"]!]!["title"]}")
                : page["conflicts"]!.AsArray().SelectMany(calendar => calendar!["busy"]!.AsArray().Select(busy => $"{calendar["calendar"]} {busy!.ToJsonString()}")));
            if (page["cursor"] is not { } next)
            {
                return found;
            }

            cursor = $",\"cursor\":\"{next}\"";
            await between();
        }
    }
}
