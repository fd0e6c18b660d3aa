using System.Net;
using Kalends.Outgoing;
using Kalends.Webhooks;
using NodaTime;

namespace Kalends.Server.Http;

/// <summary>Where addresses that users name may lead, section <c>Kalends:Outgoing</c>.</summary>
public sealed record OutgoingSettings
{
    /// <summary>Also to this host and to private networks.</summary>
    public bool AllowPrivate { get; init; }

    /// <summary>Also without TLS.</summary>
    public bool AllowHttp { get; init; }

    /// <summary>Also to these, such as <c>10.1.0.0/16</c>.</summary>
    public IReadOnlyList<string> Networks { get; init; } = [];

    internal bool CanBeMeant => Networks.All(text => IPNetwork.TryParse(text, out _));

    public OutgoingRules Rules() => new(AllowPrivate, AllowHttp, [.. Networks.Select(text => IPNetwork.Parse(text))]);
}

/// <summary>How webhooks are served, section <c>Kalends:Webhooks</c>.</summary>
public sealed record WebhookSettings
{
    /// <summary>An event that could not be delivered for so long has failed; who was told nothing for so long is disabled.</summary>
    public int KeepTryingHours { get; init; } = (int)WebhookPatience.Usual.KeepTrying.TotalHours;

    internal bool CanBeMeant => KeepTryingHours is >= 1 and <= WebhookPatience.LongestHours;

    public WebhookPatience Patience() => new(Duration.FromHours(KeepTryingHours));
}
