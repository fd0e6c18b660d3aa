using Kalends.Messages;

namespace Kalends.Tests.Conversations;

/// <summary>The command under rezone, where nothing differs: what moves needs two releases, and so two processes (see RezoneTests).</summary>
public class RezoningTests
{
    private static readonly Caller Admin = Desk.As("user:root", scopes: Scopes.Read | Scopes.Write | Scopes.Admin);

    [Fact]
    public async Task Only_administrators_may_rezone()
    {
        await using var desk = await Desk.Open();
        var id = await desk.Save("""{"start":"2027-07-01T09:00:00","timeZone":"Europe/Paris","duration":"PT1H"}""");
        var refusal = await desk.Refused("rezone-appointments", $$"""{"appointments":["{{id}}"]}""");
        Assert.Equal(RefusalCode.Forbidden, refusal.Code);
        Assert.Contains("kalends.admin", refusal.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_lies_right_is_left_alone()
    {
        await using var desk = await Desk.Open();
        var timed = await desk.Save("""{"start":"2027-07-01T09:00:00","timeZone":"Europe/Paris","duration":"PT1H","attendees":[{"calendar":"room:a"}]}""");
        var allDay = await desk.Save("""{"start":"2027-07-01T00:00:00","allDay":true}""");
        var answer = await desk.Do(
            "rezone-appointments", $$"""{"appointments":["{{timed}}","{{allDay}}","00000000-0000-0000-0000-000000000009"]}""", Admin);
        Assert.Equal("""{"moved":0,"allDayMoved":0,"lostPlaces":[]}""", answer.ToJsonString());
        Assert.Equal(1, (long)(await desk.Do("get-appointment", $$"""{"id":"{{timed}}"}"""))["version"]!);
        Assert.Empty(await desk.FindBroken());
    }

    [Fact]
    public async Task A_call_takes_no_more_than_one_transaction_holds()
    {
        await using var desk = await Desk.Open();
        var ids = string.Join(',', Enumerable.Range(0, 1_001).Select(number => $"\"00000000-0000-0000-0000-{number:x12}\""));
        Assert.Equal(RefusalCode.TooLarge, (await desk.Refused("rezone-appointments", $$"""{"appointments":[{{ids}}]}""", Admin)).Code);
    }
}
