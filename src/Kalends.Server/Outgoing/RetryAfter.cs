using NodaTime;

namespace Kalends.Server.Outgoing;

/// <summary>For how long whoever answered wants to be left alone (RFC 9110 §10.2.3), as seconds or as a date.</summary>
internal static class RetryAfter
{
    public static Duration? Of(HttpResponseMessage answer, TimeProvider time) =>
        (answer.Headers.RetryAfter?.Delta ?? answer.Headers.RetryAfter?.Date - time.GetUtcNow()) is { } wait
            ? Duration.FromTimeSpan(wait > TimeSpan.Zero ? wait : TimeSpan.Zero) : null;
}
