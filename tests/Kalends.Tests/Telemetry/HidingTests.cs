using System.Net;
using System.Text;
using Kalends.Tests.Http;

namespace Kalends.Tests.Telemetry;

/// <summary>Figures and spans say how Kalends does, and nothing of what people do with it.</summary>
public sealed class HidingTests
{
    /// <summary>In every member that takes a text, in ids of people, in the tenant, and in what is refused.</summary>
    private const string Hidden = "zyzzyva";

    private const string Appointment = $$$"""
        {"uid":"{{{Hidden}}}-uid","owner":"user:{{{Hidden}}}","title":"{{{Hidden}}} title","description":"{{{Hidden}}}","location":"{{{Hidden}}}",
        "start":"2026-11-25T09:00:00","timeZone":"UTC","duration":"PT1H","attendees":[{"calendar":"user:{{{Hidden}}}"},{"calendar":"room:{{{Hidden}}}"}],
        "links":[{"uri":"https://{{{Hidden}}}.example/","title":"{{{Hidden}}}"}],"metadata":{"{{{Hidden}}}":"{{{Hidden}}}"},
        "attachments":[{"uri":"https://{{{Hidden}}}.example/a","title":"{{{Hidden}}}","mediaType":"text/{{{Hidden}}}","size":1}],
        "external":{"source":"{{{Hidden}}}","id":"{{{Hidden}}}","uri":"https://{{{Hidden}}}.example/"}}
        """;

    [Fact]
    public async Task Nobodys_words_or_names_are_in_figures_or_spans()
    {
        await using var receiver = await OtlpReceiver.Start();
        var host = await EdgeHost.Start($"--Kalends:Telemetry:OtlpEndpoint={receiver.Address}", "--Kalends:Telemetry:OtlpProtocol=http/protobuf");
        string figures;
        try
        {
            await Talk(host);
            figures = await host.Stranger.GetStringAsync(new Uri("/metrics", UriKind.Relative), TestContext.Current.CancellationToken);
        }
        finally
        {
            // Sends what is left.
            await host.DisposeAsync();
        }

        var (traces, metrics) = (OtlpReceiver.Text(receiver.Traces), OtlpReceiver.Text(receiver.Metrics));
        foreach (var message in new[] { "save-appointments", "get-appointments", "find-openings", "export-calendar" })
        {
            Assert.Contains(message, traces, StringComparison.Ordinal);
            Assert.Contains($"message=\"{message}\"", figures, StringComparison.Ordinal);
        }

        Assert.Contains("operation save-appointments", traces, StringComparison.Ordinal);
        Assert.Contains("GET /v1/calendars/{calendar}/export.ics", traces, StringComparison.Ordinal);
        Assert.Contains("kalends.message.duration", metrics, StringComparison.Ordinal);
        Assert.All([figures, traces, metrics], told => Assert.DoesNotContain(Hidden, told, StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain("/metrics", traces, StringComparison.Ordinal);
    }

    private static async Task Talk(EdgeHost host)
    {
        using var client = host.As(EdgeHost.Key.Token(Hidden, new($"user:{Hidden}"), "web", ["kalends.read", "kalends.write"], NodaTime.Duration.FromHours(1)));
        var span = $"from=2026-11-01T00:00:00Z&to=2026-12-24T00:00:00Z&attendees=user:{Hidden}";
        var save = $$"""{"appointments":[{{Appointment}}]}""";
        using var saved = await client.Post("/v1/commands/save-appointments", save);
        Assert.True(saved.IsSuccessStatusCode, await saved.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal(HttpStatusCode.OK, (await client.Get("/v1/queries/get-appointments?" + span)).StatusCode);
        var asked = $$"""{"timespan":{"from":"2026-11-25T00:00:00Z","to":"2026-11-26T00:00:00Z"},"attendees":["user:{{Hidden}}"]}""";
        Assert.Equal(HttpStatusCode.OK, (await client.Post("/v1/queries/find-openings", asked)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await client.Get($"/v1/calendars/user:{Hidden}/export.ics")).StatusCode);
        await client.Post("/v1/commands/save-appointments", $$"""{"{{Hidden}}":"{{Hidden}}"}""");
        await client.Get($"/v1/{Hidden}?{Hidden}={Hidden}");
        await client.Get($"/v1/queries/get-appointments?{Hidden}={Hidden}&{span}");
        using var deferred = new HttpRequestMessage(HttpMethod.Post, new Uri("/v1/commands/save-appointments", UriKind.Relative))
        {
            Content = new StringContent(save.Replace("2026-11-25", "2026-11-26", StringComparison.Ordinal), Encoding.UTF8, "application/json"),
        };
        deferred.Headers.Add("Prefer", "respond-async");
        using var taken = await client.SendAsync(deferred, TestContext.Current.CancellationToken);
        await Ended(client, taken.Headers.Location!.ToString());
    }

    private static async Task Ended(HttpClient client, string location)
    {
        for (var attempt = 0; attempt < 200; attempt++)
        {
            if ((await (await client.Get(location)).Json()).Text("status") == "done")
            {
                return;
            }

            await Task.Delay(25, TestContext.Current.CancellationToken);
        }

        Assert.Fail("the operation came to no end");
    }
}
