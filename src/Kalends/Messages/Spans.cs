using System.Diagnostics;

namespace Kalends.Messages;

/// <summary>
/// Where somebody traces, a span for each message that runs, on the source "Kalends": its name, what came of it, what kind of caller asked and through which
/// application. Nothing of what a message says, and no name of a person or a tenant.
/// </summary>
public static class Spans
{
    public const string SourceName = "Kalends";

    private const string OutcomeTag = "kalends.outcome";

    private static readonly ActivitySource Source = new(SourceName);

    private static readonly string[] KindsOfCaller = ["user", "service", "group", "room"];

    /// <summary>A unit of work that nobody waits for, a trace of its own.</summary>
    public static Activity? OfWork(string kind) => Source.StartActivity("work " + kind, ActivityKind.Consumer);

    /// <summary>What a request left to be done later, in the trace of that request.</summary>
    /// <param name="name">Of the span.</param>
    /// <param name="traceId">32 hexadecimal digits; with anything else it is a trace of its own.</param>
    public static Activity? Continue(string name, string? traceId)
    {
        var request = IsTraceId(traceId) ? new ActivityContext(ActivityTraceId.CreateFromString(traceId), default, ActivityTraceFlags.Recorded) : default;
        return Source.StartActivity(name, ActivityKind.Consumer, request);
    }

    internal static Activity? Begin(string message, string kind, Caller caller)
    {
        // Most often nobody traces, and then nothing is made for it.
        var span = Source.StartActivity(message);
        return span?.SetTag("kalends.message", message).SetTag("kalends.kind", kind).SetTag("kalends.caller", KindOf(caller))
            .SetTag("kalends.app", caller.App).SetTag(OutcomeTag, "failed");
    }

    internal static void End(Activity? span, Reply reply)
    {
        if (span is not null)
        {
            var isBug = reply.Refusal?.Code is RefusalCode.Bug or RefusalCode.Unavailable;
            span.SetTag(OutcomeTag, Measurements.OutcomeOf(reply)).SetStatus(isBug ? ActivityStatusCode.Error : ActivityStatusCode.Unset);
        }
    }

    private static string KindOf(Caller caller)
    {
        var id = caller.Person.Value;
        return id.IndexOf(':', StringComparison.Ordinal) is var end and > 0 && KindsOfCaller.Contains(id[..end]) ? id[..end] : "other";
    }

    private static bool IsTraceId(string? text) =>
        text is { Length: 32 } && text.All(letter => char.IsAsciiDigit(letter) || letter is >= 'a' and <= 'f') && text.Any(letter => letter != '0');
}
