using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Kalends.Outgoing;
using Kalends.Reminders;
using Kalends.Reminders.Push;
using Kalends.Server.Http;
using Kalends.Server.Reminders;
using Kalends.Tests.Audit;
using Kalends.Tests.Conversations;
using Kalends.Tests.Postgres;
using NodaTime;

namespace Kalends.Tests.Reminders;

/// <summary>Reminders by Web Push to a service that reads and judges them from the other side: what arrives, and what counts as sent.</summary>
public sealed class PushChannelTests(PushService service) : IClassFixture<PushService>
{
    internal static readonly PushSettings Settings = NewSettings();

    internal static readonly OutgoingRules Open = new(AllowPrivate: true, AllowHttp: true);

    private static readonly StandingClock Clock = new(Instant.FromUtc(2026, 11, 23, 7, 45));

    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    [Fact]
    public void The_example_of_RFC_8291_is_encrypted_as_it_stands_there_and_read_so()
    {
        const string Text = "When I grow up, I want to be a watermelon";
        const string Body = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8w"
            + "EqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";
        using var sender = Pair("BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8", "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw");
        using var receiver = Pair("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4", "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94");
        var browser = new Browser(receiver, Base64Url.DecodeFromChars("BTBZMqHH6r4Tts7J_aSIgg"));
        var encrypted = PushEncryption.Encrypt(
            Encoding.UTF8.GetBytes(Text), browser.Subscription("https://push.example/1"), sender, Base64Url.DecodeFromChars("DGv6ra1nlYgDCS1FRnbzlw"));
        Assert.Equal(Body, Base64Url.EncodeToString(encrypted));
        Assert.Equal(Text, browser.Read(encrypted));
    }

    [Fact]
    public async Task Each_browser_reads_what_when_and_where_and_its_service_learns_who_sends_and_how_long_to_keep_it()
    {
        var (laptop, phone) = (service.NewBrowser(), service.NewBrowser("202"));
        var reminder = Reminder([laptop, phone], "Budget & <plans>", "Room 3");
        Assert.Equal(SendEnd.Sent, (await Send(reminder)).End);
        foreach (var (_, endpoint) in new[] { laptop, phone })
        {
            var pushed = Assert.Single(service.At(endpoint));
            Assert.Equal(
                """{"title":"Budget & <plans>","body":"When: Mon 23 Nov 2026, 09:00 (Europe/Paris)\nWhere: Room 3","start":"2026-11-23T08:00:00Z","""
                + $$""" "appointment":"{{reminder.Says.Id}}","tag":"{{reminder.Id}}"}""".TrimStart(),
                pushed.Message.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
            Assert.Equal(
                ("900", "high", "aes128gcm", reminder.Id.ToString("N")),
                (pushed.Headers["TTL"], pushed.Headers["Urgency"], pushed.Headers["Content-Encoding"], pushed.Headers["Topic"]));
            Assert.Equal(
                (service.Address, "mailto:calendar@kalends.example", Settings.PublicKey),
                ((string?)pushed.Claims["aud"], (string?)pushed.Claims["sub"], (string?)pushed.Claims["k"]));
            var left = (long)pushed.Claims["exp"]! - Clock.Now.ToUnixTimeSeconds();
            Assert.InRange(left, 3_600, 86_400);
        }
    }

    [Theory]
    [InlineData("201", SendEnd.Sent, null)]
    [InlineData("400", SendEnd.Refused, "the push service said 400")]
    [InlineData("413", SendEnd.Refused, "the push service said 413")]
    [InlineData("302", SendEnd.Refused, "the push service said 302")]
    [InlineData("404", SendEnd.Refused, "the push service said 404")]
    [InlineData("410", SendEnd.Refused, "the push service said 410")]
    [InlineData("401", SendEnd.Later, "the push service said 401")]
    [InlineData("429 7", SendEnd.Later, "the push service said 429")]
    [InlineData("503", SendEnd.Later, "the push service said 503")]
    [InlineData("abort", SendEnd.Unknown, "the push service did not answer")]
    public async Task What_the_service_answers_is_what_counts(string answer, SendEnd end, string? reason)
    {
        var browser = service.NewBrowser(answer);
        var result = await Send(Reminder([browser]));
        Assert.Equal((end, reason), (result.End, result.Reason));
        Assert.Equal(answer == "429 7" ? 7 : null, result.After?.TotalSeconds);
        Assert.Equal(answer is "404" or "410" ? [browser.Endpoint] : [], result.Gone!.Select(one => one.Endpoint));
        Assert.Single(service.At(browser.Endpoint));
    }

    [Theory]
    [InlineData(SendEnd.Sent, "410", "abort", "503", "201")]
    [InlineData(SendEnd.Unknown, "410", "abort", "503")]
    [InlineData(SendEnd.Later, "410", "400", "503")]
    [InlineData(SendEnd.Refused, "410", "400")]
    public async Task What_came_of_it_for_a_person_is_the_best_that_came_of_it_for_a_browser(SendEnd end, params string[] answers)
    {
        var browsers = answers.Select(service.NewBrowser).ToArray();
        var result = await Send(Reminder(browsers));
        Assert.Equal(end, result.End);
        Assert.Equal([browsers[0].Endpoint], result.Gone!.Select(one => one.Endpoint));
        Assert.All(browsers, one => Assert.Single(service.At(one.Endpoint)));
    }

    [Theory]
    [InlineData("😀")]
    [InlineData("a")]
    [InlineData("é̳")]
    [InlineData("\"\\\u0001")]
    [InlineData("👨‍👩‍👧‍👦")]
    public async Task A_title_of_10_000_characters_is_cut_between_them_and_fits(string character)
    {
        var browser = service.NewBrowser();
        var title = string.Concat(Enumerable.Repeat(character, 10_000));
        Assert.Equal(SendEnd.Sent, (await Send(Reminder([browser], title, title))).End);
        var pushed = Assert.Single(service.At(browser.Endpoint));
        Assert.InRange(pushed.Bytes, 300, 3_103);
        var shown = (string)pushed.Message["title"]!;
        Assert.EndsWith("…", shown, StringComparison.Ordinal);
        Assert.InRange(shown.Length, 150, 201);
        Assert.DoesNotContain('\uFFFD', shown);
    }

    [Fact]
    public async Task Who_does_not_answer_is_asked_now_and_then_and_nobody_else_waits()
    {
        var (dead, alive) = (service.NewBrowser(), service.NewBrowser());
        using var channel = Channel(Open);
        var away = new Browser().Subscription($"http://127.0.0.1:{PrivateCluster.FreePort()}/push");
        var both = Reminder([alive]) with { Addresses = [away, alive.Browser.Subscription(alive.Endpoint)] };
        var alone = Reminder([dead]) with { Addresses = [away] };
        for (var round = 0; round < 5; round++)
        {
            Assert.Equal((SendEnd.Later, "the push service cannot be reached: ConnectionError"), Said(await channel.Send([alone], Stopped)));
        }

        Assert.Equal((SendEnd.Later, "the push service does not answer"), Said(await channel.Send([alone], Stopped)));
        Assert.Equal((SendEnd.Sent, null), Said(await channel.Send([both], Stopped)));
        using var stopped = new CancellationTokenSource();
        await stopped.CancelAsync();
        Assert.Equal((SendEnd.Later, "its process ended"), Said(await channel.Send([both], stopped.Token)));
        Assert.Single(service.At(alive.Endpoint));
    }

    [Fact]
    public async Task An_answer_is_not_waited_for_without_end_nor_read_to_its_end()
    {
        var (silent, endless) = (service.NewBrowser(), service.NewBrowser());
        var leftOff = new TaskCompletionSource();
        service.Answers[new Uri(silent.Endpoint).AbsolutePath] = context => Task.Delay(-1, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        service.Answers[new Uri(endless.Endpoint).AbsolutePath] = async context =>
        {
            context.Response.StatusCode = 400;
            for (var megabyte = new byte[1024 * 1024]; !context.RequestAborted.IsCancellationRequested;)
            {
                await context.Response.Body.WriteAsync(megabyte);
            }

            leftOff.SetResult();
        };
        using (var channel = new PushChannel(Settings.Identity!, Open, Clock, new HastyTime()))
        {
            Assert.Equal((SendEnd.Unknown, "the push service did not answer"), Said(await channel.Send([Reminder([silent])], Stopped)));
        }

        Assert.Equal((SendEnd.Refused, "the push service said 400"), Said([await Send(Reminder([endless]))]));
        await leftOff.Task.WaitAsync(TimeSpan.FromSeconds(20), Stopped);
    }

    [Fact]
    public async Task Nothing_goes_where_no_address_of_a_user_may_lead()
    {
        var browser = service.NewBrowser();
        foreach (var rules in new[] { new OutgoingRules(AllowHttp: true), new OutgoingRules(AllowPrivate: true), OutgoingRules.Strict })
        {
            using var channel = Channel(rules);
            var (end, reason) = Said(await channel.Send([Reminder([browser])], Stopped));
            Assert.Equal(SendEnd.Refused, end);
            Assert.DoesNotContain("/push", reason, StringComparison.Ordinal);
        }

        Assert.Empty(service.At(browser.Endpoint));
    }

    [Theory]
    [InlineData("calendar@kalends.example", null, null, "Push:Subject must be")]
    [InlineData("mailto:nobody", null, null, "Push:Subject must be")]
    [InlineData("http://kalends.example", null, null, "Push:Subject must be")]
    [InlineData(null, "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8", null, "must be a pair of keys")]
    [InlineData(null, null, "short", "must be a pair of keys")]
    [InlineData(null, null, "", "must be a pair of keys")]
    public void Settings_that_cannot_be_meant_say_so(string? subject, string? publicKey, string? privateKey, string said)
    {
        var settings = Settings with
        {
            Subject = subject ?? Settings.Subject, PublicKey = publicKey ?? Settings.PublicKey, PrivateKey = privateKey ?? Settings.PrivateKey,
        };
        Assert.Contains(said, settings.Fault, StringComparison.Ordinal);
        Assert.Null(Settings.Fault);
        Assert.Null(new PushSettings().Fault);
        Assert.Contains("come together", new PushSettings { PublicKey = Settings.PublicKey }.Fault, StringComparison.Ordinal);
    }

    internal static PushChannel Channel(OutgoingRules rules, IClock? clock = null) => new(Settings.Identity!, rules, clock ?? Clock, TimeProvider.System);

    private static async Task<SendResult> Send(OutgoingReminder reminder)
    {
        using var channel = Channel(Open);
        return Assert.Single(await channel.Send([reminder], Stopped));
    }

    private static (SendEnd, string?) Said(IReadOnlyList<SendResult> results) => (results[0].End, results[0].Reason);

    private static OutgoingReminder Reminder(IEnumerable<(Browser Browser, string Endpoint)> browsers, string title = "Budget", string? location = null) =>
        EmailChannelTests.Reminder("", title, location) with
        {
            Id = Guid.NewGuid(), Addresses = [.. browsers.Select(one => one.Browser.Subscription(one.Endpoint))],
        };

    private static ECDiffieHellman Pair(string publicKey, string privateKey) =>
        ECDiffieHellman.Create(PushKeys.Parameters(Base64Url.DecodeFromChars(publicKey)) with { D = Base64Url.DecodeFromChars(privateKey) });

    private static PushSettings NewSettings()
    {
        var (publicKey, privateKey) = PushIdentity.NewKeys();
        return new() { Subject = "mailto:calendar@kalends.example", PublicKey = publicKey, PrivateKey = privateKey };
    }
}
