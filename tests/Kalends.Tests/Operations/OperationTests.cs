using System.Net;
using System.Text;
using System.Text.Json;
using Kalends.Queue;
using Kalends.Tests.Http;
using NodaTime;

namespace Kalends.Tests.Operations;

/// <summary>Commands that nobody waits for, over HTTP: taken at once, run soon, and told of to who sent them alone.</summary>
public sealed class OperationTests
{
    private const string Save = """{"appointments":[{"title":"Budget","start":"2026-11-25T09:00:00","timeZone":"UTC","duration":"PT1H"}]}""";

    private const string Everything = "/v1/queries/get-appointments?from=2026-11-01T00:00:00Z&to=2026-12-24T00:00:00Z&attendees=user:ana";

    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_is_taken_at_once_and_answers_in_the_end_what_it_would_have_answered()
    {
        await using var host = await EdgeHost.Start();
        using var taken = await Send(host.Ana, "/v1/commands/save-appointments", Save);
        var location = await Location(taken);
        Assert.Equal("respond-async", taken.Headers.GetValues("Preference-Applied").Single());
        Assert.Equal("waiting", (await taken.Json()).Text("status"));
        var done = await Ended(host.Ana, location);
        Assert.Equal("done", done.Text("status"));
        Assert.Equal(location, "/v1/operations/" + done.Text("operation"));
        Assert.True(done.GetProperty("result").GetProperty("saved")[0].GetProperty("created").GetBoolean());
        Assert.Single((await (await host.Ana.Get(Everything)).Json()).GetProperty("entries").EnumerateArray());

        using var ben = host.As(EdgeHost.Token("user:ben"));
        await (await ben.Get(location)).Problem(HttpStatusCode.NotFound, "not-found");
        using var elsewhere = host.As(EdgeHost.Key.Token("globex", new("user:ana"), "web", ["kalends.read", "kalends.write"], Duration.FromHours(1)));
        await (await elsewhere.Get(location)).Problem(HttpStatusCode.NotFound, "not-found");
        await (await elsewhere.DeleteAsync(new Uri(location, UriKind.Relative), Stopped)).Problem(HttpStatusCode.NotFound, "not-found");
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.Stranger.Get(location)).StatusCode);
        await (await host.Ana.DeleteAsync(new Uri(location, UriKind.Relative), Stopped)).Problem(HttpStatusCode.Conflict, "conflict");
        Assert.Empty(await Broken(host));
    }

    [Fact]
    public async Task What_is_wrong_with_the_request_itself_is_said_at_once()
    {
        await using var host = await EdgeHost.Start();
        var wrong = await (await Send(host.Ana, "/v1/commands/save-appointments", """{"appointments":[{"duration":"PT1H"}]}""")).Problem(HttpStatusCode.BadRequest, "invalid");
        Assert.NotEmpty(wrong.Pointers());
        await (await Send(host.Ana, "/v1/commands/save-appointments", "{")).Problem(HttpStatusCode.BadRequest, "invalid");
        using var reader = host.As(EdgeHost.Token(scope: "kalends.read"));
        await (await Send(reader, "/v1/commands/save-appointments", Save)).Problem(HttpStatusCode.Forbidden, "forbidden");
        await (await Send(host.Ana, "/v1/commands/save-appointments", Save, key: new string('k', 256))).Problem(HttpStatusCode.BadRequest, "invalid");
        Assert.Empty(await Messages(host));
    }

    [Fact]
    public async Task What_is_refused_when_it_runs_fails_with_the_problem_it_would_have_answered()
    {
        await using var host = await EdgeHost.Start();
        var stale = Save.Replace("{\"title\"", "{\"version\":3,\"title\"", StringComparison.Ordinal);
        var problem = await (await host.Ana.Post("/v1/commands/save-appointments", stale)).Problem(HttpStatusCode.Conflict, "stale-version");
        var failed = await Ended(host.Ana, await Location(await Send(host.Ana, "/v1/commands/save-appointments", stale)));
        Assert.Equal("failed", failed.Text("status"));
        foreach (var member in new[] { "type", "title", "detail", "code" })
        {
            Assert.Equal(problem.Text(member), failed.GetProperty("problem").Text(member));
        }

        Assert.Equal(problem.Pointers(), failed.GetProperty("problem").Pointers());
        Assert.False(failed.TryGetProperty("result", out _));
    }

    [Fact]
    public async Task The_same_key_is_the_same_operation_and_is_done_once()
    {
        await using var host = await EdgeHost.Start();
        var first = await Location(await Send(host.Ana, "/v1/commands/save-appointments", Save, key: "k-1"));
        using var again = await Send(host.Ana, "/v1/commands/save-appointments", Save.Replace("{", "{ ", StringComparison.Ordinal), key: "k-1");
        Assert.Equal(first, await Location(again));
        Assert.Equal("true", again.Headers.GetValues("Idempotency-Replayed").Single());
        var done = await Ended(host.Ana, first);
        await (await Send(host.Ana, "/v1/commands/save-appointments", Save.Replace("09:00", "10:00", StringComparison.Ordinal), key: "k-1"))
            .Problem(HttpStatusCode.UnprocessableEntity, "idempotency-key-reused");
        using var other = host.As(EdgeHost.Token("user:ben"));
        Assert.NotEqual(first, await Location(await Send(other, "/v1/commands/save-appointments", Save, key: "k-1")));

        // Whoever asks with the key and waits is told the same.
        using var request = Request("/v1/commands/save-appointments", Save, "k-1", prefer: null);
        Assert.Equal(done.GetProperty("result").ToString(), (await (await host.Ana.SendAsync(request, Stopped)).Json()).ToString());
        Assert.Single((await (await host.Ana.Get(Everything)).Json()).GetProperty("entries").EnumerateArray());
    }

    [Fact]
    public async Task What_has_not_begun_is_called_off_and_never_done()
    {
        await using var host = await EdgeHost.Start("--Kalends:Queue:Workers=0");
        var location = await Location(await Send(host.Ana, "/v1/commands/save-appointments", Save));
        Assert.Equal("waiting", (await (await host.Ana.Get(location)).Json()).Text("status"));
        using var ben = host.As(EdgeHost.Token("user:ben"));
        await (await ben.DeleteAsync(new Uri(location, UriKind.Relative), Stopped)).Problem(HttpStatusCode.NotFound, "not-found");
        for (var time = 0; time < 2; time++)
        {
            using var called = await host.Ana.DeleteAsync(new Uri(location, UriKind.Relative), Stopped);
            Assert.Equal("cancelled", (await called.Json()).Text("status"));
        }

        Assert.Single(await Messages(host));
        using var workers = Kalends.Server.Http.KalendsHost.BuildWorkers(["--Logging:LogLevel:Default=None"], new() { Store = host.Store });
        await workers.StartAsync(Stopped);
        await Queue.Office.Until(async () => (await Messages(host)).Count == 0);
        await workers.StopAsync(Stopped);
        Assert.Equal("cancelled", (await (await host.Ana.Get(location)).Json()).Text("status"));
        Assert.Empty((await (await host.Ana.Get(Everything)).Json()).GetProperty("entries").EnumerateArray());
    }

    [Fact]
    public async Task A_text_is_taken_as_well_and_what_keeps_nothing_is_answered_at_once()
    {
        await using var host = await EdgeHost.Start();
        var file = ICalendar.Reading.Calendar("BEGIN:VEVENT", "UID:one", "DTSTART:20261125T090000Z", "DURATION:PT1H", "SUMMARY:Süß", "END:VEVENT");
        using var request = Request("/v1/commands/import-calendar?calendar=user:ana", file, null, "handling=lenient, Respond-Async; wait=10");
        request.Content!.Headers.ContentType = new("text/calendar");
        var done = await Ended(host.Ana, await Location(await host.Ana.SendAsync(request, Stopped)));
        Assert.Equal(1, done.GetProperty("result").GetProperty("saved").GetInt32());
        using var dry = await Send(host.Ana, "/v1/commands/save-appointments?dryRun=true", Save);
        Assert.Equal(HttpStatusCode.OK, dry.StatusCode);
        Assert.True((await dry.Json()).GetProperty("dryRun").GetBoolean());
    }

    [Fact]
    public async Task What_could_not_be_begun_in_time_fails_clearly()
    {
        await using var host = await EdgeHost.Start("--Kalends:Queue:Workers=0");
        var location = await Location(await Send(host.Ana, "/v1/commands/save-appointments", Save));
        using var workers = Kalends.Server.Http.KalendsHost.BuildWorkers(
            ["--Logging:LogLevel:Default=None"],
            new() { Store = host.Store, Clock = new Conversations.StandingClock(SystemClock.Instance.GetCurrentInstant() + Duration.FromHours(2)) });
        await workers.StartAsync(Stopped);
        var failed = await Ended(host.Ana, location);
        await workers.StopAsync(Stopped);
        Assert.Equal(("failed", "unavailable"), (failed.Text("status"), failed.GetProperty("problem").Text("code")));
        Assert.Empty(await Broken(host));
    }

    private static HttpRequestMessage Request(string address, string body, string? key, string? prefer)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(address, UriKind.Relative)) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        foreach (var (name, value) in new[] { ("Idempotency-Key", key), ("Prefer", prefer) })
        {
            if (value is not null)
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }
        }

        return request;
    }

    private static async Task<HttpResponseMessage> Send(HttpClient client, string address, string body, string? key = null)
    {
        using var request = Request(address, body, key, "respond-async");
        return await client.SendAsync(request, Stopped);
    }

    private static async Task<string> Location(HttpResponseMessage taken)
    {
        Assert.True(taken.StatusCode == HttpStatusCode.Accepted, $"{taken.StatusCode}: {await taken.Content.ReadAsStringAsync(Stopped)}");
        return taken.Headers.Location!.OriginalString;
    }

    private static async Task<JsonElement> Ended(HttpClient client, string location)
    {
        JsonElement state = default;
        await Queue.Office.Until(async () =>
        {
            state = await (await client.Get(location)).Json();
            return state.Text("status") is not ("waiting" or "running");
        });
        return state;
    }

    private static async Task<IReadOnlyList<QueueMessage>> Messages(EdgeHost host)
    {
        await using var session = await host.Store.Read("acme", Stopped);
        return await session.Rows<IQueueRows>().Page(false, 0, 100);
    }

    private static async Task<IReadOnlyList<string>> Broken(EdgeHost host) => await host.Store.FindBroken(Stopped).ToListAsync(Stopped);
}
