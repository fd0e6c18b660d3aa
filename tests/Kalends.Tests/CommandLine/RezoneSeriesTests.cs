using NodaTime;

namespace Kalends.Tests.CommandLine;

/// <summary>
/// Series saved under an older release of the time zones, when Mexico City had summer time. They begin a month before the real day, so that
/// what is stored of them holds a summer in any year.
/// </summary>
public sealed class RezoneSeriesTests : IDisposable
{
    private static readonly LocalDate Start = SystemClock.Instance.GetCurrentInstant().InUtc().Date.PlusDays(-30);

    private static readonly long Now = SystemClock.Instance.GetCurrentInstant().ToUnixTimeSeconds();

    private readonly OlderZones zones = new();

    public void Dispose() => zones.Dispose();

    [Fact]
    public async Task A_series_keeps_its_local_times_and_is_changed_once()
    {
        await Save("Daily", "09:00:00", "room:mexico-1");
        Assert.NotEqual("0", Single($"SELECT count(*) FROM appointment WHERE series IS NOT NULL AND start_at > {Now} AND start_at % 86400 = 14 * 3600"));
        var past = zones.Rows($"SELECT hex(id), start_at FROM appointment WHERE series IS NOT NULL AND start_at < {Now} ORDER BY id");
        var dry = await zones.Now("rezone", "--dry-run");
        Assert.Equal(0, dry.Code);
        Assert.Contains("T14:00Z", dry.Out, StringComparison.Ordinal);

        var said = await zones.Now("rezone");
        Assert.True(said.Code == 0, said.Error + said.Out);
        Assert.Equal("0", Single($"SELECT count(*) FROM appointment WHERE series IS NOT NULL AND start_at > {Now} AND start_at % 86400 <> 15 * 3600"));
        Assert.Equal("0", Single($"SELECT count(*) FROM attendance WHERE start_at > {Now} AND start_at % 86400 <> 15 * 3600"));
        Assert.Equal(past, zones.Rows($"SELECT hex(id), start_at FROM appointment WHERE series IS NOT NULL AND start_at < {Now} ORDER BY id"));
        Assert.Equal(zones.Rows("SELECT count(*) FROM command WHERE name = 'rezone-appointments'"), zones.Rows("SELECT count(*) FROM outbox WHERE type LIKE '%modified%'"));
        await Sound();
    }

    [Fact]
    public async Task A_time_that_the_clocks_do_not_skip_any_more_comes_back()
    {
        await Save("Night", "02:30:00", "user:ben");
        const string Keys = "SELECT count(*) FROM attendance";
        var before = Single(Keys);
        Assert.True((await zones.Now("rezone")).Code == 0);
        Assert.Equal(before, Single(Keys));
        Assert.Equal("0", Single($"SELECT count(*) FROM appointment WHERE series IS NOT NULL AND start_at > {Now} AND start_at % 86400 <> 8 * 3600 + 1800"));
        await Sound();
    }

    [Fact]
    public async Task An_occurrence_that_loses_its_room_is_the_only_one_changed_by_itself()
    {
        await Save("Daily", "09:00:00", "room:mexico-1");
        var summer = new LocalDate(Start.Year + 1, 7, 1);
        await zones.Saved("save-appointments", $$"""
            {"appointments":[{"title":"In the way","start":"{{summer:uuuu-MM-dd}}T15:00:00","timeZone":"UTC","duration":"PT30M",
             "attendees":[{"calendar":"user:ben"},{"calendar":"room:mexico-1"}]}]}
            """);
        var said = await zones.Now("rezone");
        Assert.True(said.Code == 0, said.Error);
        Assert.Contains("room:mexico-1", said.Out, StringComparison.Ordinal);
        Assert.Equal(
            [$"{summer:uuuu-MM-dd}T09:00:00 declined"],
            zones.Rows("SELECT body ->> '$.start', body ->> '$.attendees[1].response' FROM appointment WHERE detached = 1"));
        await Sound();
    }

    private async Task Save(string title, string time, string second) => await zones.Saved("save-appointments", $$"""
        {"appointments":[{"title":"{{title}}","start":"{{Start:uuuu-MM-dd}}T{{time}}","timeZone":"America/Mexico_City","duration":"PT1H","recurrence":{"rule":"FREQ=DAILY"},
         "attendees":[{"calendar":"user:eva"},{"calendar":"{{second}}"}]}]}
        """);

    private string Single(string sql) => Assert.Single(zones.Rows(sql));

    private async Task Sound()
    {
        var verified = await zones.Now("verify");
        Assert.True(verified.Code == 0, verified.Out + verified.Error);
    }
}
