using Kalends.Messages;
using Kalends.Publications;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Webhooks;

/// <summary>
/// A receiver of events, as it is kept: whose it is, what it wants, its secrets, and how far it has been told. It has a message in the queue if and only if it
/// is active and <see cref="Due"/> lies beyond <see cref="Place"/>, so that one worker at a time serves it.
/// </summary>
public sealed record Webhook
{
    public required Guid Id { get; init; }

    /// <summary>Whose rights decide what it is told, at the moment it is told.</summary>
    public required CalendarId Person { get; init; }

    public required string App { get; init; }

    public required string Uri { get; init; }

    public required IReadOnlyList<string> Types { get; init; }

    /// <summary>Null: of all calendars.</summary>
    public IReadOnlyList<CalendarId>? Calendars { get; init; }

    public required string Secret { get; init; }

    /// <summary>The one before, which signs too until <see cref="RotatedUntil"/>.</summary>
    public string? SecretBefore { get; init; }

    public Instant? RotatedUntil { get; init; }

    public required Instant CreatedAt { get; init; }

    /// <summary>What commands of before then did is not told; time to deliver what they did since begins no earlier.</summary>
    public required Instant Since { get; init; }

    /// <summary>Up to this publication it was told all.</summary>
    public required long Place { get; init; }

    /// <summary>Up to this one there may be something for it; all up to there is settled.</summary>
    public required long Due { get; init; }

    /// <summary>Why it is told nothing any more; null while it is.</summary>
    public string? DisabledFor { get; init; }

    /// <summary>When it last began to fail; null where the last attempt came through.</summary>
    public Instant? FailingSince { get; init; }

    /// <summary>Failed attempts of the event that is next.</summary>
    public int Attempts { get; init; }

    public string? LastError { get; init; }

    public bool IsActive => DisabledFor is null;

    public bool HasMore => Due > Place;

    /// <summary>With the rights that their relations give: a token may say more, but is over long before.</summary>
    public Caller CallerOf(string tenant) => new(tenant, Person, App, Scopes.Read);

    public FeedFilter Filter => new(Calendars?.ToHashSet(), Types.ToHashSet(StringComparer.Ordinal));

    /// <summary>Of the host alone: the rest of an address may be a secret.</summary>
    public string Destination => new Uri(Uri).Authority;

    /// <summary>The secrets that sign now.</summary>
    public IReadOnlyList<string> SecretsAt(Instant now) => SecretBefore is { } before && now < RotatedUntil ? [Secret, before] : [Secret];

    /// <summary>As it is after something came through.</summary>
    public Webhook Answering() => this with { FailingSince = null, Attempts = 0, LastError = null };
}

public enum DeliveryStatus
{
    Delivered,

    /// <summary>Its time was over before it came through.</summary>
    Failed,
}

/// <summary>What came of an event for a webhook. <see cref="Event"/> is the id that was sent, so one to the receiver however often it is delivered.</summary>
public sealed record Delivery
{
    public required Guid Webhook { get; init; }

    public required Guid Event { get; init; }

    /// <summary>The number of the publication; 0 of a ping.</summary>
    public required long Seq { get; init; }

    public required string Type { get; init; }

    public required DeliveryStatus Status { get; init; }

    public required int Attempts { get; init; }

    public required Instant EndedAt { get; init; }

    public string? Error { get; init; }
}
