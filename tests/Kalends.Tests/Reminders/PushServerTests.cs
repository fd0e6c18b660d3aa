using Kalends.Server.CommandLine;
using Kalends.Tests.CommandLine;
using Kalends.Tests.Http;
using Kalends.Tests.Webhooks;
using NodaTime;

namespace Kalends.Tests.Reminders;

/// <summary>Push through a whole server, set up as <c>kalends push-keys</c> says, from the key that a page asks for to the reminder that its browser reads.</summary>
public sealed class PushServerTests(PushService service) : IClassFixture<PushService>
{
    [Fact]
    public async Task A_page_asks_for_the_key_subscribes_its_browser_and_is_reminded()
    {
        var settings = await Keys();
        await using var host = await EdgeHost.Start(
            ["--Kalends:Outgoing:AllowPrivate=true", "--Kalends:Outgoing:AllowHttp=true", .. settings.Select(line => "--" + Setting(line))]);
        var key = (await WebhookHost.Ask(host.Ana, "get-push-subscriptions", "{}")).Text("applicationServerKey");
        Assert.EndsWith("PublicKey=" + key, settings[1], StringComparison.Ordinal);
        var (browser, endpoint) = service.NewBrowser();
        await WebhookHost.Do(host.Ana, "subscribe-push", browser.Json(endpoint));
        var start = Instant.FromUnixTimeSeconds(SystemClock.Instance.GetCurrentInstant().ToUnixTimeSeconds()) + Duration.FromMinutes(30) + Duration.FromSeconds(4);
        await WebhookHost.Do(host.Ana, "save-appointments", $$"""
            {"appointments":[{"title":"Budget","start":"{{start.InUtc().LocalDateTime:uuuu-MM-ddTHH:mm:ss}}","timeZone":"UTC","duration":"PT1H",
             "reminders":[{"before":"PT30M","channel":"push"}]}]}
            """);
        using var admin = host.As(EdgeHost.Token("user:root", "kalends.read kalends.write kalends.admin"));
        await WebhookHost.Do(admin, "send-reminders", "{}");
        await Queue.Office.Until(() => Task.FromResult(service.At(endpoint).Count > 0));
        var pushed = Assert.Single(service.At(endpoint));
        Assert.Equal(("Budget", key), ((string)pushed.Message["title"]!, (string)pushed.Claims["k"]!));
        Assert.DoesNotContain(host.Logged, line => line.Contains(endpoint.Split('/')[^1], StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_keys_there_is_nothing_to_subscribe_for_and_wrong_ones_are_refused()
    {
        await using var host = await EdgeHost.Start();
        Assert.False((await WebhookHost.Ask(host.Ana, "get-push-subscriptions", "{}")).TryGetProperty("applicationServerKey", out _));
        var fault = await Assert.ThrowsAsync<Kalends.Server.Http.SettingsException>(() => EdgeHost.Start("--Kalends:Reminders:Push:PublicKey=x"));
        Assert.Equal("Kalends:Reminders: Push:Subject, Push:PublicKey and Push:PrivateKey come together.", fault.Message);
    }

    [Fact]
    public async Task The_settings_in_force_are_shown_without_the_private_key()
    {
        var settings = (await Keys()).Select(Setting).ToList();
        var (code, shown, _) = await Run(["config", "--store", "nowhere.db", .. settings.SelectMany(setting => new[] { "--set", setting })]);
        Assert.Equal(0, code);
        Assert.Contains(settings[1].Split('=')[1], shown, StringComparison.Ordinal);
        Assert.DoesNotContain(settings[2].Split('=')[1], shown, StringComparison.Ordinal);
    }

    private static string Setting(string line) => line.Split('=', 2) is [var name, var value] ? $"{name.Replace("__", ":", StringComparison.Ordinal)}={value}" : "";

    private static async Task<string[]> Keys(string subject = "mailto:calendar@kalends.example")
    {
        var refused = await Run("push-keys", "--subject", "nobody");
        Assert.Equal((2, ""), (refused.Code, refused.Out));
        var made = await Run("push-keys", "--subject", subject);
        Assert.Equal((0, ""), (made.Code, made.Error));
        return made.Out.Trim().Split('\n');
    }

    private static async Task<Said> Run(params string[] arguments)
    {
        using var written = new StringWriter();
        using var complained = new StringWriter();
        var surroundings = new Surroundings { Out = written, Error = complained, OutIsTerminal = false, ErrorIsTerminal = false };
        return new(await KalendsCommandLine.Run(arguments, surroundings), written.ToString(), complained.ToString());
    }
}
