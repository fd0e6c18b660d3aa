using NodaTime;

namespace Kalends.Webhooks;

/// <summary>Sends to addresses that users name. Never throws but for being stopped.</summary>
public interface IWebhookSender
{
    /// <summary>For a whole attempt, from the name's look-up to the end of what is read of the answer.</summary>
    static readonly Duration Longest = Duration.FromSeconds(10);

    ValueTask<WebhookAnswer> Post(Uri uri, IReadOnlyList<(string Name, string Value)> headers, byte[] json, CancellationToken stopped);
}

/// <param name="Status">Null where none came.</param>
/// <param name="Error">Why it did not come through, with nothing of what was answered; null where it did.</param>
/// <param name="RetryAfter">For how long the receiver wants to be left alone.</param>
public sealed record WebhookAnswer(int? Status, string? Error, Duration? RetryAfter = null)
{
    /// <summary>It will never take anything any more.</summary>
    public bool IsGone => Status == 410;
}
