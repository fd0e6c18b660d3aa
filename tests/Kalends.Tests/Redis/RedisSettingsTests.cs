using Kalends.Server.Http;
using Kalends.Tests.CommandLine;
using Microsoft.Extensions.Configuration;

namespace Kalends.Tests.Redis;

/// <summary>What is set and cannot be meant is said before anything is served, and never with a password in it.</summary>
public sealed class RedisSettingsTests
{
    [Theory]
    [InlineData("Configuration", "localhost,passwrod=hush", "part 2")]
    [InlineData("Configuration", "localhost,ssl=perhaps,password=hush", "part 2")]
    [InlineData("Configuration", "localhost,password=hush,hu=sh", "part 3")]
    [InlineData("Configuration", "http://redis.example:6379/", "part 1")]
    [InlineData("Configuration", "no such thing at all", "part 1")]
    [InlineData("Configuration", "password=hush", "names no server")]
    [InlineData("Prefix", "", "Prefix must be")]
    [InlineData("Prefix", "a{b", "Prefix must be")]
    [InlineData("KeepEvents", "0", "KeepEvents must be")]
    [InlineData("App", "user:ana", "App must be")]
    public void What_cannot_be_meant_is_refused(string name, string value, string said)
    {
        var fault = Assert.Throws<SettingsException>(() => Read(name, value));
        Assert.Contains(said, fault.Message, StringComparison.Ordinal);
        Assert.StartsWith("Redis:", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hu", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("redis0:6380,redis1:6380,[::1]:6381,ssl=true,user=kalends,password=hush,defaultDatabase=3")]
    [InlineData("sentinel.example,serviceName=mymaster")]
    [InlineData("!/run/redis/redis.sock")]
    public void What_StackExchange_Redis_reads_is_taken(string configuration) => Assert.True(Read("Configuration", configuration).Redis.IsSet);

    [Fact]
    public void Absent_or_empty_there_is_no_Redis() => Assert.False(Read("Configuration", " ").Redis.IsSet);

    [Fact]
    public async Task No_server_is_started_with_it_and_nobody_is_shown_it()
    {
        using var terminal = new Terminal();
        var environment = new Dictionary<string, string> { ["ASPNETCORE_ENVIRONMENT"] = "Development", ["Redis__Configuration"] = "localhost,password=hush,zzz=1" };
        foreach (var verb in new[] { "serve", "work" })
        {
            var said = await terminal.Start(environment, verb);
            Assert.Equal(1, said.Code);
            Assert.Contains("Redis:Configuration cannot be understood", said.Error, StringComparison.Ordinal);
            Assert.DoesNotContain("hush", said.Error + said.Out, StringComparison.Ordinal);
        }

        environment["Redis__Configuration"] = "localhost,password=hush";
        var config = await terminal.Start(environment, "config");
        Assert.Equal(0, config.Code);
        Assert.Matches(@"Redis:Configuration +\| \(hidden\) +\| environment", config.Out);
        Assert.Matches(@"Redis:KeepEvents +\| 10000 +\| default", config.Out);
    }

    private static KalendsSettings Read(string name, string value) =>
        KalendsSettings.From(new ConfigurationBuilder().AddInMemoryCollection([new($"Redis:{name}", value)]).Build());
}
