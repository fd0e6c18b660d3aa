using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using Kalends.Messages;
using Kalends.Tests.Conversations;
using Kalends.Tests.Http;

namespace Kalends.Tests.Telemetry;

/// <summary>One span a message, in the trace of whoever sent it, also where it is done later.</summary>
public sealed class SpansTests : IDisposable
{
    private static readonly string[] Tags = ["message", "kind", "caller", "app", "outcome"];

    private readonly ConcurrentQueue<Activity> ended = new();
    private readonly ActivityListener listener;
    private readonly string trace = ActivityTraceId.CreateRandom().ToHexString();

    public SpansTests()
    {
        listener = new()
        {
            ShouldListenTo = source => source.Name == Spans.SourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> options) =>
                options.TraceId.ToHexString() == trace ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.None,
            ActivityStopped = ended.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
    }

    public void Dispose() => listener.Dispose();

    [Fact]
    public async Task A_message_is_one_span_with_what_came_of_it_in_the_trace_of_its_sender()
    {
        await using var host = await EdgeHost.Start();
        var parent = ("traceparent", $"00-{trace}-00f067aa0ba902b7-01");
        await host.Ana.Get("/v1/queries/get-free-busy?from=2026-11-01T00:00:00Z&to=2026-11-02T00:00:00Z&attendees=user:ana", parent);
        var span = Assert.Single(ended);
        Assert.Equal(["get-free-busy", "query", "user", "web", "done"], Tags.Select(tag => span.GetTagItem("kalends." + tag)));
        var refused = await (await host.Ana.Get("/v1/appointments/00000000-0000-0000-0000-000000000001", parent)).Json();
        Assert.Equal(trace, refused.Text("traceId"));
        Assert.Equal("not-found", ended.Last().GetTagItem("kalends.outcome"));
    }

    [Fact]
    public async Task What_is_done_later_is_in_the_same_trace()
    {
        await using var host = await EdgeHost.Start();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/v1/commands/save-appointments", UriKind.Relative))
        {
            Content = new StringContent("""{"appointments":[{"start":"2026-11-25T09:00:00","timeZone":"UTC","duration":"PT1H"}]}""", Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("traceparent", $"00-{trace}-00f067aa0ba902b7-01");
        request.Headers.Add("Prefer", "respond-async");
        await host.Ana.SendAsync(request, TestContext.Current.CancellationToken);
        for (var attempt = 0; attempt < 200 && ended.Count < 2; attempt++)
        {
            await Task.Delay(25, TestContext.Current.CancellationToken);
        }

        Assert.Equal(["save-appointments", "operation save-appointments"], ended.Select(span => span.OperationName));
        Assert.Equal(ended.Last().SpanId, ended.First().ParentSpanId);
    }

    [Fact]
    public async Task A_kind_of_caller_is_told_and_never_who()
    {
        await using var desk = await Desk.Open();
        using var root = new Activity("test").SetParentId(ActivityTraceId.CreateFromString(trace), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded).Start();
        foreach (var person in new[] { "service:crm", "somebody", "users:x" })
        {
            await desk.Do("get-calendars", "{}", Desk.As(person));
        }

        Assert.Equal(["service", "other", "other"], ended.Select(span => span.GetTagItem("kalends.caller")));
    }
}
