using NodaTime;

namespace Kalends.Webhooks;

public static class WebhookLimits
{
    /// <summary>One for each application of theirs, a few times over.</summary>
    public const int PerPerson = 20;

    /// <summary>Each event is looked at for each of them.</summary>
    public const int PerTenant = 200;

    /// <summary>Of calendars that one names, as of the live feed.</summary>
    public const int Calendars = 500;

    /// <summary>Receivers take a new secret in place of the old one within a day.</summary>
    public static readonly Duration BothSecretsFor = Duration.FromHours(24);

    /// <summary>A command takes no longer to be committed, whatever the clocks of servers say.</summary>
    public static readonly Duration Slack = Duration.FromMinutes(1);

    /// <summary>For who waits for a ping to arrive.</summary>
    public static readonly Duration PingWithin = Duration.FromMinutes(1);
}

/// <summary>How long the receivers of one process are tried.</summary>
/// <param name="KeepTrying">An event that could not be delivered for so long has failed; who was told nothing for so long is disabled.</param>
public sealed record WebhookPatience(Duration KeepTrying)
{
    public const int LongestHours = 14 * 24;

    /// <summary>Longer than a weekend that nobody works on.</summary>
    public static readonly WebhookPatience Usual = new(Duration.FromHours(72));
}
