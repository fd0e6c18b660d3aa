using Kalends.Messages;
using NodaTime;

namespace Kalends.Tests.Conversations;

public class IdempotencyTests
{
    private const string Save = """{"appointments":[{"start":"2026-11-23T09:00:00","duration":"PT1H"}]}""";
    private const string Everything = """{"timespan":{"from":"2026-11-01T00:00:00Z","to":"2026-12-01T00:00:00Z"},"attendees":["user:ana"]}""";
    private static readonly RunOptions WithKey = new() { IdempotencyKey = "k-1" };

    [Fact]
    public async Task The_same_key_answers_the_same_and_saves_once()
    {
        await using var desk = await Desk.Open();
        var ran = await desk.Run("save-appointments", Save, options: WithKey);
        var first = await desk.Do("save-appointments", Save, options: WithKey);
        var again = await desk.Run("save-appointments", Save, options: WithKey);
        Assert.True(!ran.IsReplay && again.IsReplay);
        Assert.True(ran.Position!.Value.IsWithin(again.Position!.Value), "who reads at the position of the replay sees what the first run saved");
        Assert.Equal(first.ToJsonString(), System.Text.Encoding.UTF8.GetString(again.Replayed!.Value.Span));
        Assert.Single((await desk.Do("get-appointments", Everything))["entries"]!.AsArray());
    }

    [Fact]
    public async Task The_same_key_with_another_request_is_refused()
    {
        await using var desk = await Desk.Open();
        await desk.Do("save-appointments", Save, options: WithKey);
        var other = Save.Replace("09:00", "10:00", StringComparison.Ordinal);
        Assert.Equal(RefusalCode.IdempotencyKeyReused, (await desk.Refused("save-appointments", other, options: WithKey)).Code);
    }

    [Fact]
    public async Task A_refusal_is_kept_as_well()
    {
        await using var desk = await Desk.Open();
        var stale = Save.Replace("{\"start\"", "{\"version\":3,\"start\"", StringComparison.Ordinal);
        Assert.Equal(RefusalCode.StaleVersion, (await desk.Refused("save-appointments", stale, options: WithKey)).Code);
        Assert.True((await desk.Run("save-appointments", stale, options: WithKey)).IsReplay);
    }

    [Fact]
    public async Task Two_tenants_and_two_people_may_use_one_key()
    {
        await using var desk = await Desk.Open();
        await desk.Do("save-appointments", Save, options: WithKey);
        Assert.False((await desk.Run("save-appointments", Save, Desk.As("user:ana", tenant: "globex"), WithKey)).IsReplay);
        Assert.False((await desk.Run("save-appointments", Save, Desk.As("user:ben"), WithKey)).IsReplay);
    }

    [Fact]
    public async Task A_key_is_forgotten_after_a_day()
    {
        await using var desk = await Desk.Open();
        await desk.Do("save-appointments", Save, options: WithKey);
        desk.Clock.Now += Duration.FromHours(25);
        Assert.False((await desk.Run("save-appointments", Save, options: WithKey)).IsReplay);
    }

    [Fact]
    public async Task Requests_with_one_key_at_once_have_one_effect()
    {
        await using var desk = await Desk.Open();
        var replies = await Task.WhenAll(Enumerable.Range(0, 20)
            .Select(_ => Task.Run(async () => await desk.Run("save-appointments", Save, options: WithKey))));
        Assert.All(replies, reply => Assert.True(reply.Refusal is null or { Code: RefusalCode.Conflict }));
        Assert.Single((await desk.Do("get-appointments", Everything))["entries"]!.AsArray());
    }
}
