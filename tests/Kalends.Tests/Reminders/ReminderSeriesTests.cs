using Kalends.Tests.Conversations;
using NodaTime;

namespace Kalends.Tests.Reminders;

/// <summary>Reminders of series: each occurrence at its time, as it was changed or deleted, and far beyond what is stored.</summary>
public class ReminderSeriesTests
{
    private const string Quarter = "\"reminders\":[{\"before\":\"PT15M\"}]";

    [Fact]
    public async Task Each_occurrence_is_reminded_of_as_it_stands()
    {
        await using var desk = await ReminderDesk.Open("ana");
        var series = await desk.Save($"{Quarter},\"recurrence\":{{\"rule\":\"FREQ=DAILY;COUNT=6\"}}");
        var found = await desk.Desk.Do("get-appointments", """{"timespan":{"from":"2026-11-01T00:00:00Z","to":"2026-11-20T00:00:00Z"},"attendees":["user:ana"]}""");
        var ids = found["entries"]!.AsArray().Select(entry => (string)entry!["appointment"]!).ToList();
        await desk.Desk.Do("delete-appointments", $$"""{"appointments":[{"id":"{{ids[1]}}"}]}""");
        await desk.Save($"\"id\":\"{ids[2]}\",{Quarter}", "2026-11-04T15:00:00");
        await desk.Desk.Do("dismiss-reminder", $$"""{"id":"{{ids[3]}}"}""");
        await desk.Desk.Do("set-reminders", $$"""{"appointments":[{"id":"{{ids[4]}}","calendar":"user:ana","reminders":[{"before":"PT5M"}]}]}""");
        Assert.Equal("/id", (await desk.Desk.Refused("dismiss-reminder", $$"""{"id":"{{series}}"}""")).Errors[0].Pointer);
        for (var day = 2; day <= 8; day++)
        {
            foreach (var (hour, minute) in new[] { (8, 46), (8, 56), (14, 46) })
            {
                await desk.RunUntil(Instant.FromUtc(2026, 11, day, hour, minute));
            }
        }

        Assert.Equal(["ana 2026-11-02T09:00:00Z", "ana 2026-11-04T15:00:00Z", "ana 2026-11-06T09:00:00Z", "ana 2026-11-07T09:00:00Z"], desk.Sent);
        Assert.Empty(await desk.Failures());
        Assert.Empty(await desk.Desk.Store.TenantsToRemind(Instant.FromUtc(2100, 1, 1, 0, 0), TestContext.Current.CancellationToken));
        Assert.Empty(await desk.Desk.FindBroken());
    }

    [Fact]
    public async Task A_series_has_one_row_however_long_it_is_and_goes_on_beyond_what_is_stored()
    {
        await using var desk = await ReminderDesk.Open("ana");
        await desk.Save($"{Quarter},\"recurrence\":{{\"rule\":\"FREQ=WEEKLY\"}}");
        await desk.RunUntil(Instant.FromUtc(2026, 11, 2, 8, 46));
        // Nobody stored more of it for three years.
        desk.Desk.Clock.Now = Instant.FromUtc(2029, 11, 5, 8, 44);
        var answer = await desk.Claim();
        Assert.Equal(1, (long)answer["appointments"]!);
        await desk.RunUntil(Instant.FromUtc(2029, 11, 5, 8, 46));
        Assert.Equal(["ana 2026-11-02T09:00:00Z", "ana 2029-11-05T09:00:00Z"], desk.Sent);
    }

    [Fact]
    public async Task A_calendar_that_moves_to_another_zone_is_reminded_of_its_whole_days_there()
    {
        await using var desk = await ReminderDesk.Open("ana");
        await desk.Desk.Save("""{"title":"Fair","start":"2026-11-10T00:00:00","allDay":true,"reminders":[{"before":"PT2H"}]}""");
        await desk.Desk.Do("save-calendars", """{"calendars":[{"calendar":"user:ana","kind":"user","timeZone":"Asia/Tokyo","email":"ana@example.com"}]}""");
        await desk.RunUntil(Instant.FromUtc(2026, 11, 9, 13, 1));
        Assert.Equal(["ana 2026-11-09T15:00:00Z"], desk.Sent);
        await desk.RunUntil(Instant.FromUtc(2026, 11, 9, 21, 1));
        Assert.Single(desk.Sent);
    }
}

[Trait(Desk.OnPostgres, "")]
public sealed class ReminderSeriesOnPostgresTests : ReminderSeriesTests;
