using Kalends.Storage;
using NodaTime;

namespace Kalends.Reminders.Push;

/// <summary>
/// A browser that somebody is reminded in, as it described itself (W3C Push API): where its push service takes what is for it, and the keys that make what is
/// sent readable to that browser alone (RFC 8291 §3). Whoever knows the endpoint may send to it, so it is a secret as the keys are.
/// </summary>
public sealed record PushSubscription(CalendarId Person, string Endpoint) : ReminderAddress(Endpoint)
{
    /// <summary>A few browsers on a few devices, and as many that were cleared meanwhile; who has more loses the one that was subscribed longest ago.</summary>
    public const int MostPerPerson = 20;

    /// <summary>An uncompressed point of P-256: 0x04, x, y.</summary>
    public required byte[] PublicKey { get; init; }

    public required byte[] Secret { get; init; }

    public required Instant SubscribedAt { get; init; }

    public Instant? ExpiresAt { get; init; }

    /// <summary>The same however often the browser is subscribed.</summary>
    public Guid Id => IdOf(Endpoint);

    /// <summary>All of the endpoint that is no secret.</summary>
    public string Service => ServiceOf(Endpoint);

    public static Guid IdOf(string endpoint) => HashedId.Of($"push {endpoint}");

    public static string ServiceOf(string endpoint) => new Uri(endpoint).GetLeftPart(UriPartial.Authority);

    public bool IsValidAt(Instant now) => ExpiresAt is not { } end || now < end;
}
