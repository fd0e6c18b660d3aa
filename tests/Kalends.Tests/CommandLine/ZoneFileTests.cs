using Kalends.Time;

namespace Kalends.Tests.CommandLine;

/// <summary>A time-zone database from a file in place of the program's own.</summary>
public sealed class ZoneFileTests : IDisposable
{
    private static readonly string[] Expand = ["expand", "FREQ=DAILY;COUNT=1", "--start", "2047-07-01T09:00", "--zone", "America/Mexico_City"];

    private readonly OlderZones zones = new();

    public void Dispose() => zones.Dispose();

    [Fact]
    public async Task The_zones_of_the_file_are_in_force()
    {
        Assert.Contains("2047-07-01T15:00:00Z", (await zones.Now(Expand)).Out, StringComparison.Ordinal);
        Assert.Contains("2047-07-01T14:00:00Z", (await zones.Before(Expand)).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Config_shows_the_setting_and_the_release_in_force()
    {
        var before = await zones.Before("config");
        Assert.Matches($@"Release of the time zones +\| {OlderZones.Release} +\| Kalends:TimeZones:File", before.Out);
        Assert.Matches(@"Kalends:TimeZones:File +\| .*older\.nzd +\| environment", before.Out);
        Assert.Matches($@"Release of the time zones +\| {Zones.Release} +\| built in", (await zones.Now("config")).Out);
        var option = await zones.Now("config", "--set", $"Kalends:TimeZones:File={zones.File}");
        Assert.Matches($@"Release of the time zones +\| {OlderZones.Release} ", option.Out);
    }

    [Fact]
    public async Task A_file_that_is_missing_or_no_database_is_told_and_nothing_is_done()
    {
        var torn = zones.PathOf("torn.nzd");
        await File.WriteAllBytesAsync(torn, (await File.ReadAllBytesAsync(zones.File, TestContext.Current.CancellationToken))[..^2_000], TestContext.Current.CancellationToken);
        foreach (var (file, why) in new[]
        {
            (zones.PathOf("missing.nzd"), "cannot be read"), (zones.PathOf("text.nzd", "hello, world"), "is no time-zone database"),
            (zones.PathOf("empty.nzd", ""), "is no time-zone database"), (torn, "is no time-zone database"),
        })
        {
            var said = await zones.Now("config", "--set", $"Kalends:TimeZones:File={file}");
            Assert.Equal((1, ""), (said.Code, said.Out));
            Assert.Contains(why, said.Error, StringComparison.Ordinal);
            Assert.Contains(file, said.Error, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", said.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_database_cannot_be_chosen_once_zones_were_read()
    {
        var release = Zones.Release;
        using var file = File.OpenRead(zones.File);
        Assert.Throws<InvalidOperationException>(() => Zones.Use(NodaTime.TimeZones.TzdbDateTimeZoneSource.FromStream(file)));
        Assert.Equal(release, Zones.Release);
    }
}
