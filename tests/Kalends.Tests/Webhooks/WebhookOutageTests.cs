using System.Diagnostics;
using System.Globalization;

namespace Kalends.Tests.Webhooks;

/// <summary>A receiver that is away for a while gets all that it missed soon after it is back. KALENDS_OUTAGE_SECONDS=300 is away for so long.</summary>
public sealed class WebhookOutageTests(WebhookHost host) : IClassFixture<WebhookHost>
{
    private const int SavesPerSecond = 10;

    [Fact]
    public async Task Who_was_away_gets_what_was_missed_within_fifteen_seconds_and_in_order()
    {
        var seconds = int.Parse(Environment.GetEnvironmentVariable("KALENDS_OUTAGE_SECONDS") ?? "2", CultureInfo.InvariantCulture);
        using var client = host.Host.As(Http.EdgeHost.Token("user:away"));
        var gone = await Receiver.Start();
        var address = new Uri(gone.Address);
        await WebhookHost.Do(client, "subscribe-webhook", $$"""
            {"uri":"{{address}}hook","types":["kalends.appointment.created.v1"],"calendars":["user:away"]}
            """);
        var ids = new List<string> { await WebhookHost.Save(client) };
        await Queue.Office.Until(() => Task.FromResult(gone.All.Count == 1));
        await gone.DisposeAsync();
        for (var began = Stopwatch.StartNew(); began.Elapsed < TimeSpan.FromSeconds(seconds);)
        {
            ids.Add(await WebhookHost.Save(client));
            await Task.Delay(1_000 / SavesPerSecond, TestContext.Current.CancellationToken);
        }

        var back = Stopwatch.StartNew();
        await using var again = await Receiver.Start(address.Port);
        await Queue.Office.Until(() => Task.FromResult(again.All.Count >= ids.Count - 1), seconds: 15);
        TestContext.Current.SendDiagnosticMessage("away for {0} s: {1} events, all there {2:F1} s after it was back", seconds, ids.Count - 1, back.Elapsed.TotalSeconds);
        Assert.Equal(ids.Skip(1), again.All.Select(one => one.Subject).Distinct());
    }
}
