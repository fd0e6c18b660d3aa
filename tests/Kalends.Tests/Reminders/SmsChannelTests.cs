using System.Net;
using System.Text;
using Kalends.Reminders;
using Kalends.Server.Http;
using Kalends.Server.Reminders;
using Kalends.Tests.Postgres;

namespace Kalends.Tests.Reminders;

/// <summary>Reminders by SMS, over HTTP to a provider that speaks the Messages resource as Twilio documents it.</summary>
public sealed class SmsChannelTests : IDisposable
{
    private readonly HttpListener listener = new();
    private readonly int port = PrivateCluster.FreePort();
    private readonly List<(string Path, string? Authorization, Dictionary<string, string> Form)> asked = [];

    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    public SmsChannelTests()
    {
        listener.Prefixes.Add($"http://127.0.0.1:{port}/");
        listener.Start();
        _ = Task.Run(Serve);
    }

    public void Dispose() => listener.Close();

    [Fact]
    public async Task A_message_is_posted_as_the_provider_documents_it()
    {
        using var channel = Channel();
        var result = await channel.Send([EmailChannelTests.Reminder("+33612345678", "Budget\r\nBody: x \u202Edesrever", "Room 3")], Stopped);
        Assert.Equal(SendEnd.Sent, result[0].End);
        var (path, authorization, form) = Assert.Single(asked);
        Assert.Equal("/2010-04-01/Accounts/AC1/Messages.json", path);
        Assert.Equal("Basic " + Convert.ToBase64String("AC1:secret"u8), authorization);
        Assert.Equal(("+33612345678", "+15005550006"), (form["To"], form["From"]));
        Assert.Equal("Budget Body: x desrever - When: Mon 23 Nov 2026, 09:00 (Europe/Paris) - Where: Room 3", form["Body"]);
        Assert.Equal(3, form.Count);
    }

    [Theory]
    [InlineData("+15005550001", SendEnd.Refused, "the provider said 400, error 21211")]
    [InlineData("+15005550002", SendEnd.Later, "the provider said 429, error 20429")]
    [InlineData("+15005550003", SendEnd.Later, "the provider said 503")]
    [InlineData("+15005550004", SendEnd.Unknown, "the provider did not answer")]
    [InlineData("+15005550005", SendEnd.Refused, "the provider said 302")]
    [InlineData("+15005550009", SendEnd.Later, "the provider said 401, error 20003")]
    public async Task What_the_provider_answers_is_what_counts(string to, SendEnd end, string reason)
    {
        using var channel = Channel();
        var result = (await channel.Send([EmailChannelTests.Reminder(to)], Stopped))[0];
        Assert.Equal((end, reason), (result.End, result.Reason));
        Assert.Equal(to == "+15005550002" ? 7 : null, result.After?.TotalSeconds);
    }

    [Fact]
    public async Task Nobody_there_is_for_later_and_the_rest_is_not_tried()
    {
        using var channel = new SmsChannel(Settings with { BaseAddress = $"http://127.0.0.1:{PrivateCluster.FreePort()}" });
        Assert.All(await channel.Send([EmailChannelTests.Reminder("+1"), EmailChannelTests.Reminder("+2")], Stopped), one => Assert.Equal(SendEnd.Later, one.End));
    }

    private SmsSettings Settings => new() { BaseAddress = $"http://127.0.0.1:{port}", Account = "AC1", AuthToken = "secret", From = "+15005550006" };

    private SmsChannel Channel() => new(Settings);

    private async Task Serve()
    {
        while (listener.IsListening)
        {
            try
            {
                await Answer(await listener.GetContextAsync());
            }
            catch (Exception fault) when (fault is HttpListenerException or ObjectDisposedException or InvalidOperationException)
            {
                return;
            }
        }
    }

    private async Task Answer(HttpListenerContext context)
    {
        using var reader = new StreamReader(context.Request.InputStream);
        var form = (await reader.ReadToEndAsync()).Split('&').Select(pair => pair.Split('=')).ToDictionary(pair => Decoded(pair[0]), pair => Decoded(pair[1]));
        asked.Add((context.Request.Url!.AbsolutePath, context.Request.Headers["Authorization"], form));
        if (form["To"] == "+15005550004")
        {
            context.Response.Abort();
            return;
        }

        var (status, body) = form["To"] switch
        {
            "+15005550001" => (400, """{"code": 21211, "message": "Invalid 'To' Phone Number", "more_info": "https://www.twilio.com/docs/errors/21211", "status": 400}"""),
            "+15005550002" => (429, """{"code": 20429, "message": "Too Many Requests", "status": 429}"""),
            "+15005550003" => (503, "<html>away</html>"),
            "+15005550005" => (302, ""),
            "+15005550009" => (401, """{"code": 20003, "message": "Authenticate", "status": 401}"""),
            _ => (201, """{"sid": "SM1", "status": "queued", "to": "+33612345678", "error_code": null}"""),
        };
        context.Response.StatusCode = status;
        context.Response.Headers["Location"] = status == 302 ? $"http://127.0.0.1:{port}/elsewhere" : null;
        context.Response.Headers["Retry-After"] = status == 429 ? "7" : null;
        await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(body));
        context.Response.Close();
    }

    private static string Decoded(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));
}
