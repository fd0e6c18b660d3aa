using System.Net;
using Kalends.Outgoing;
using Kalends.Server.Outgoing;
using Kalends.Webhooks;

namespace Kalends.Tests.Webhooks;

/// <summary>Where addresses that users name may lead.</summary>
public sealed class OutgoingTests
{
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("10.1.2.3")]
    [InlineData("172.31.255.255")]
    [InlineData("192.168.0.1")]
    [InlineData("100.64.0.1")]
    [InlineData("169.254.169.254")]
    [InlineData("168.63.129.16")]
    [InlineData("0.0.0.0")]
    [InlineData("224.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("192.88.99.1")]
    [InlineData("198.18.0.1")]
    [InlineData("::1")]
    [InlineData("::")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("::ffff:8.8.8.8")]
    [InlineData("::127.0.0.1")]
    [InlineData("64:ff9b::7f00:1")]
    [InlineData("64:ff9b:1::7f00:1")]
    [InlineData("2002:7f00:1::1")]
    [InlineData("2001::1")]
    [InlineData("fe80::1")]
    [InlineData("fe80::1%1")]
    [InlineData("fd00:ec2::254")]
    [InlineData("fc00::1")]
    [InlineData("ff02::1")]
    [InlineData("2001:db8::1")]
    public void Nothing_private_is_called(string address)
    {
        var parsed = IPAddress.Parse(address);
        Assert.False(OutgoingRules.Strict.Allows(parsed));
        Assert.NotNull(OutgoingRules.Strict.Refuse($"https://{(address.Contains(':', StringComparison.Ordinal) ? $"[{address}]" : address)}/hook"));
    }

    [Theory]
    [InlineData("https://2130706433/")]
    [InlineData("https://0x7f.1/")]
    [InlineData("https://0177.0.0.1/")]
    [InlineData("https://localhost/")]
    [InlineData("https://a.LOCALHOST./")]
    [InlineData("http://example.com/")]
    [InlineData("https://example.com:22/")]
    [InlineData("https://name@example.com/")]
    [InlineData("https://example.com/#x")]
    [InlineData("file:///etc/passwd")]
    [InlineData("/hook")]
    public void An_address_that_is_written_otherwise_leads_nowhere_else(string uri) => Assert.NotNull(OutgoingRules.Strict.Refuse(uri));

    [Theory]
    [InlineData("https://example.com/hook?key=1")]
    [InlineData("https://8.8.8.8:8443/")]
    [InlineData("https://[2606:4700::1111]/")]
    public void The_internet_is_called(string uri) => Assert.Null(OutgoingRules.Strict.Refuse(uri));

    [Fact]
    public void What_is_set_is_called_and_metadata_is_not_for_being_private()
    {
        var isPrivate = new OutgoingRules(AllowPrivate: true);
        Assert.True(isPrivate.Allows(IPAddress.Loopback) && isPrivate.Allows(IPAddress.Parse("10.0.0.1")) && isPrivate.Allows(IPAddress.Parse("fd12::1")));
        Assert.False(isPrivate.Allows(IPAddress.Parse("169.254.169.254")) || isPrivate.Allows(IPAddress.Parse("fd00:ec2::254")));
        Assert.False(isPrivate.Allows(IPAddress.Parse("::ffff:10.0.0.1")));
        var named = new OutgoingRules(Networks: [IPNetwork.Parse("10.1.0.0/16")]);
        Assert.True(named.Allows(IPAddress.Parse("10.1.2.3")));
        Assert.False(named.Allows(IPAddress.Parse("10.2.0.1")) || named.Allows(IPAddress.Loopback));
    }

    [Fact]
    public async Task A_name_is_judged_by_what_it_leads_to_when_it_is_called()
    {
        await using var receiver = await Receiver.Start();
        var port = new Uri(receiver.Address).Port;
        // A name of this host that does not look like one.
        var name = Dns.GetHostName();
        Assert.SkipWhen((await Dns.GetHostAddressesAsync(name, TestContext.Current.CancellationToken)).Any(OutgoingRules.Strict.Allows), "this host is on the internet");
        using var strict = new WebhookSender(OutgoingRules.Strict with { AllowHttp = true }, TimeProvider.System);
        var answer = await strict.Post(new($"http://{name}:{port}/x"), [], [], TestContext.Current.CancellationToken);
        Assert.Equal(new(null, "its name leads to no address that may be called"), answer);
        using var open = new WebhookSender(new(AllowPrivate: true, AllowHttp: true), TimeProvider.System);
        Assert.Null((await open.Post(new($"http://localhost:{port}/x"), [], [], TestContext.Current.CancellationToken)).Error);
        Assert.Single(receiver.All);
    }

    [Fact]
    public void The_old_secret_signs_for_a_day()
    {
        var now = NodaTime.Instant.FromUtc(2026, 11, 23, 9, 0);
        var webhook = new Webhook
        {
            Id = Guid.NewGuid(), Person = new("user:ana"), App = "web", Uri = "https://example.com", Types = [], Secret = "new", SecretBefore = "old",
            RotatedUntil = now + WebhookLimits.BothSecretsFor, CreatedAt = now, Since = now, Place = 0, Due = 0,
        };
        Assert.Equal(["new", "old"], webhook.SecretsAt(now + NodaTime.Duration.FromHours(23)));
        Assert.Equal(["new"], webhook.SecretsAt(now + NodaTime.Duration.FromHours(24)));
    }
}
