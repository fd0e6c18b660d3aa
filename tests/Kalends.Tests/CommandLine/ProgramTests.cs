namespace Kalends.Tests.CommandLine;

/// <summary>The built program as a process: help, usage, exit codes, what only a process has.</summary>
public sealed class ProgramTests : IDisposable
{
    private static readonly Dictionary<string, string> Nothing = [];

    private readonly Terminal terminal = new();

    public void Dispose() => terminal.Dispose();

    [Fact]
    public async Task Help_lists_every_message_and_says_what_exit_codes_mean()
    {
        var said = await terminal.Start(Nothing, "--help");
        Assert.Equal(0, said.Code);
        Assert.All(Catalogue.Entries, entry => Assert.Contains($"  {entry.Name} ", said.Out, StringComparison.Ordinal));
        Assert.Contains("2 bad usage", said.Out, StringComparison.Ordinal);
        Assert.Empty(said.Error);
    }

    [Theory]
    [InlineData("no-such-verb")]
    [InlineData("token --tenant acme")]
    [InlineData("seed --people none")]
    [InlineData("seed --people 0")]
    [InlineData("serve --no-such-option")]
    [InlineData("")]
    public async Task Bad_usage_is_2_and_says_where_help_is(string arguments)
    {
        var said = await terminal.Start(Nothing, arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(2, said.Code);
        Assert.Contains("--help", said.Error, StringComparison.Ordinal);
        Assert.Empty(said.Out);
    }

    [Fact]
    public async Task A_token_is_all_that_token_prints_and_only_in_development()
    {
        string[] arguments = ["token", "--tenant", "acme", "--subject", "user:ana", "--app", "web"];
        var development = await terminal.Start(new Dictionary<string, string> { ["ASPNETCORE_ENVIRONMENT"] = "Development" }, arguments);
        Assert.Equal(0, development.Code);
        Assert.Equal(3, development.Out.Trim().Split('.').Length);
        Assert.Empty(development.Error);
        var elsewhere = await terminal.Start(Nothing, arguments);
        Assert.Equal(1, elsewhere.Code);
        Assert.Empty(elsewhere.Out);
        Assert.Contains("ASPNETCORE_ENVIRONMENT=Development", elsewhere.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Serve_without_an_issuer_refuses_to_start_and_says_what_to_set()
    {
        var said = await terminal.Start(Nothing, "serve", "--urls", "http://127.0.0.1:0");
        Assert.Equal(1, said.Code);
        Assert.Contains("Kalends:Auth:Authority", said.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_PostgreSQL_that_is_not_there_is_said_so_and_its_password_never()
    {
        var environment = new Dictionary<string, string> { ["ConnectionStrings__Kalends"] = "Host=127.0.0.1;Port=1;Password=hush;Username=kalends" };
        var said = await terminal.Start(environment, "migrate");
        Assert.Equal((1, "kalends: The database cannot be reached; try again shortly.\n"), (said.Code, said.Error));
        var config = await terminal.Start(environment, "config");
        Assert.Equal(0, config.Code);
        Assert.Contains("(hidden)", config.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", config.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Replicas_are_shown_without_their_password_and_refused_where_there_can_be_none()
    {
        var environment = new Dictionary<string, string>
        {
            ["ConnectionStrings__Kalends"] = "Host=db;Username=kalends", ["ConnectionStrings__KalendsReplicas"] = "Host=one,other;Password=hush",
        };
        var config = await terminal.Start(environment, "config");
        Assert.Equal(0, config.Code);
        Assert.Matches(@"(?i)ConnectionStrings:KalendsReplicas +\| Host=one,other;Password=\(hidden\) +\| environment", config.Out);
        Assert.Matches(@"Kalends:Replicas:WaitMilliseconds +\| 500 +\| default", config.Out);

        var noNumber = await terminal.Start(environment, "config", "--set", "Kalends:Replicas:WaitMilliseconds=10001");
        Assert.Equal(1, noNumber.Code);
        Assert.Contains("Kalends:Replicas:WaitMilliseconds must be from 0 to 10000", noNumber.Error, StringComparison.Ordinal);

        environment["ConnectionStrings__Kalends"] = "Data Source=kalends.db";
        var file = await terminal.Start(environment, "config");
        Assert.Equal(1, file.Code);
        Assert.Contains("an SQLite file has none", file.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Config_says_where_each_setting_came_from()
    {
        var environment = new Dictionary<string, string> { ["Kalends__Limits__RequestSeconds"] = "9", ["Kalends__Nothing__Token"] = "hush" };
        terminal.File("appsettings.json", """{"Kalends":{"Limits":{"IdleSeconds":77}}}""");
        var said = await terminal.Start(environment, "config", "--set", "Kalends:Limits:BodySeconds=55");
        Assert.Equal(0, said.Code);
        Assert.Matches(@"RequestSeconds +\| 9 +\| environment", said.Out);
        Assert.Matches(@"IdleSeconds +\| 77 +\| appsettings.json", said.Out);
        Assert.Matches(@"BodySeconds +\| 55 +\| option", said.Out);
        Assert.Matches(@"HeaderSeconds +\| \d+ +\| default", said.Out);
        Assert.Matches(@"Cache:Enabled +\| True +\| default", said.Out);
        Assert.DoesNotContain("hush", said.Out, StringComparison.Ordinal);
    }
}
