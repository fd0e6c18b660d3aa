using Kalends.Reminders;
using Kalends.Server.Reminders;

namespace Kalends.Server.Http;

/// <summary>How reminders reach people, section <c>Kalends:Reminders</c>. A channel that is not set up fails, and says so.</summary>
public sealed record ReminderSettings
{
    private const int LongestCatchUp = 7 * 24 * 60;

    /// <summary>After an outage: how late a reminder may be and still leave, where the appointment has not begun.</summary>
    public int CatchUpMinutes { get; init; } = (int)SendReminders.UsualCatchUp.TotalMinutes;

    /// <summary>Every channel takes all and sends nothing: for measuring.</summary>
    public bool SendsNothing { get; init; }

    /// <summary>A share of reminders that failed beyond which the log says so.</summary>
    public double MostFailed { get; init; } = 0.05;

    /// <summary>The same of those that were sent though the appointment had just been deleted or moved.</summary>
    public double MostStale { get; init; } = 0.001;

    public EmailSettings Email { get; init; } = new();

    public SmsSettings Sms { get; init; } = new();

    public PushSettings Push { get; init; } = new();

    internal string? Fault =>
        CatchUpMinutes is < 1 or > LongestCatchUp ? $"CatchUpMinutes must be from 1 to {LongestCatchUp}"
        : MostFailed is not (>= 0 and <= 1) || MostStale is not (>= 0 and <= 1) ? "MostFailed and MostStale are shares, from 0 to 1"
        : Email.Fault ?? Sms.Fault ?? Push.Fault;
}

public enum MailSecurity
{
    /// <summary>For a relay on the same machine alone.</summary>
    None,

    /// <summary>What begins in the clear must be encrypted before anything is said (RFC 3207).</summary>
    StartTls,

    /// <summary>From the first byte (RFC 8314).</summary>
    Tls,
}

/// <summary>The server that sends mail; none is set up while <see cref="Host"/> is absent.</summary>
public sealed record EmailSettings
{
    public string? Host { get; init; }

    public int Port { get; init; } = 587;

    public MailSecurity Security { get; init; } = MailSecurity.StartTls;

    public string? User { get; init; }

    public string? Password { get; init; }

    /// <summary>The address that reminders come from.</summary>
    public string? From { get; init; }

    /// <summary>The name that they come under.</summary>
    public string FromName { get; init; } = "Calendar";

    internal string? Fault => Host is null ? null
        : From is null || !MimeKit.MailboxAddress.TryParse(From, out _) ? "Email:From must be an address where Email:Host is set"
        : Port is < 1 or > 65_535 ? "Email:Port must be from 1 to 65535"
        : (User is null) != (Password is null) ? "Email:User and Email:Password come together"
        : null;
}

/// <summary>A provider that takes what Twilio's Messages resource takes; none is set up while <see cref="Account"/> is absent.</summary>
public sealed record SmsSettings
{
    public string BaseAddress { get; init; } = "https://api.twilio.com";

    public string? Account { get; init; }

    /// <summary>The account's secret.</summary>
    public string? AuthToken { get; init; }

    /// <summary>The number, or name, that messages come from.</summary>
    public string? From { get; init; }

    internal string? Fault => Account is null ? null
        : AuthToken is null || From is null ? "Sms:AuthToken and Sms:From must be set where Sms:Account is"
        : !Uri.TryCreate(BaseAddress, UriKind.Absolute, out var address) || address.Scheme is not ("https" or "http") ? "Sms:BaseAddress must be https://…"
        : null;
}

/// <summary>Who pushes to browsers (VAPID, RFC 8292); nobody does while the keys are absent. <c>kalends push-keys</c> makes some.</summary>
public sealed record PushSettings
{
    /// <summary>Whom push services may write to: <c>mailto:</c> or <c>https:</c>.</summary>
    public string? Subject { get; init; }

    /// <summary>What browsers are subscribed for: with another one they must be subscribed anew.</summary>
    public string? PublicKey { get; init; }

    public string? PrivateKey { get; init; }

    internal PushIdentity? Identity => Subject is not null && PublicKey is not null && PrivateKey is not null
        ? PushIdentity.Of(Subject, PublicKey, PrivateKey) : null;

    internal string? Fault => (Subject ?? PublicKey ?? PrivateKey) is null ? null
        : Subject is null || PublicKey is null || PrivateKey is null ? "Push:Subject, Push:PublicKey and Push:PrivateKey come together"
        : !IsSubject(Subject) ? "Push:Subject must be mailto:… or https://…"
        : Identity is null ? "Push:PublicKey and Push:PrivateKey must be a pair of keys as kalends push-keys prints them"
        : null;

    internal static bool IsSubject(string text) => Uri.IsWellFormedUriString(text, UriKind.Absolute)
        && (text.StartsWith("https://", StringComparison.Ordinal) || (text.StartsWith("mailto:", StringComparison.Ordinal) && text.Contains('@')));
}
