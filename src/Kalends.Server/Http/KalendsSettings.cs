using Kalends.Audit;
using Kalends.Availability;
using Kalends.Server.Redis;
using Kalends.Storage;
using Kalends.Webhooks;
using Microsoft.Extensions.Configuration;

namespace Kalends.Server.Http;

/// <summary>
/// What can be set, section <c>Kalends</c> of the configuration: <c>Kalends:Auth:Issuer</c> is <see cref="Auth"/>'s
/// <see cref="AuthSettings.Issuer"/>, in the environment <c>Kalends__Auth__Issuer</c>.
/// </summary>
public sealed record KalendsSettings
{
    /// <summary>Whose tokens are believed.</summary>
    public AuthSettings Auth { get; init; } = new();

    /// <summary>Where development is switched on.</summary>
    public DevelopmentSettings Development { get; init; } = new();

    /// <summary>How patient queries are with replicas of the store.</summary>
    public ReplicaSettings Replicas { get; init; } = new();

    /// <summary>Which time zones the program works with.</summary>
    public TimeZoneSettings TimeZones { get; init; } = new();

    /// <summary>What is kept in memory of when people are free.</summary>
    public CacheSettings Cache { get; init; } = new();

    /// <summary>How long the trail is kept.</summary>
    public TrailSettings Trail { get; init; } = new();

    /// <summary>How this process works on queues.</summary>
    public QueueSettings Queue { get; init; } = new();

    /// <summary>When the program does by itself what it does again and again.</summary>
    public ScheduleSettings Schedules { get; init; } = new();

    /// <summary>How reminders reach people.</summary>
    public ReminderSettings Reminders { get; init; } = new();

    /// <summary>Where addresses that users name may lead.</summary>
    public OutgoingSettings Outgoing { get; init; } = new();

    /// <summary>How webhooks are served.</summary>
    public WebhookSettings Webhooks { get; init; } = new();

    /// <summary>What the process tells of itself, and to whom.</summary>
    public TelemetrySettings Telemetry { get; init; } = new();

    /// <summary>How the process logs.</summary>
    public LogSettings Logging { get; init; } = new();

    /// <summary>What is too much.</summary>
    public ThresholdSettings Thresholds { get; init; } = new();

    /// <summary>The Redis beside the store, a section of its own: <c>Redis:Configuration</c>.</summary>
    public RedisSettings Redis { get; init; } = new();

    /// <summary>How much of everything one caller, one request or the whole process may use.</summary>
    public LimitSettings Limits { get; init; } = new();

    /// <summary>Reads the section; a value that cannot be read or cannot be meant is a <see cref="SettingsException"/>.</summary>
    public static KalendsSettings From(IConfiguration configuration)
    {
        KalendsSettings settings;
        try
        {
            settings = (configuration.GetSection("Kalends").Get<KalendsSettings>() ?? new()) with
            {
                Redis = configuration.GetSection(RedisSettings.Section).Get<RedisSettings>() ?? new(),
            };
        }
        catch (InvalidOperationException unread)
        {
            throw new SettingsException(unread.Message, unread);
        }

        if (!settings.Replicas.CanBeMeant)
        {
            throw new SettingsException($"Kalends:Replicas:WaitMilliseconds must be from 0 to {ReplicaSettings.LongestWait}, "
                + $"MostBehindSeconds from 1 to {ReplicaSettings.MostBehind}.");
        }

        if (!settings.Trail.CanBeMeant)
        {
            throw new SettingsException(
                $"Kalends:Trail:KeepDays must be from {IRetentionWrites.FewestDays} to {Retention.MostDays}, or absent: then all is kept.");
        }

        if (!settings.Queue.CanBeMeant)
        {
            throw new SettingsException($"Kalends:Queue:Workers must be from 0 to {QueueSettings.MostWorkers}, "
                + $"LeaseSeconds from 1 to {QueueSettings.LongestLease}.");
        }

        if (settings.Schedules.Rules().Fault is { } fault)
        {
            throw new SettingsException($"Kalends:Schedules: {fault}.");
        }

        if (settings.Reminders.Fault is { } wrong)
        {
            throw new SettingsException($"Kalends:Reminders: {wrong}.");
        }

        if (!settings.Outgoing.CanBeMeant)
        {
            throw new SettingsException("Kalends:Outgoing:Networks must be networks such as 10.1.0.0/16, with no bit set beyond their length.");
        }

        if (!settings.Webhooks.CanBeMeant)
        {
            throw new SettingsException($"Kalends:Webhooks:KeepTryingHours must be from 1 to {WebhookPatience.LongestHours}.");
        }

        if (!settings.Telemetry.CanBeMeant)
        {
            throw new SettingsException("Kalends:Telemetry:OtlpEndpoint must be an address with http or https, OtlpProtocol grpc or http/protobuf.");
        }

        if (settings.Redis.Fault is { } wrongRedis)
        {
            throw new SettingsException($"{RedisSettings.Section}:{wrongRedis}.");
        }

        if (settings.Thresholds.TooSmall().ToList() is { Count: > 0 } nothing)
        {
            throw new SettingsException(string.Join(" ", nothing.Select(name => $"Kalends:Thresholds:{name} must be more than 0.")));
        }

        List<string> tooSmall = [.. settings.Limits.InForce().Where(limit => limit.Most < 1).Select(limit => $"Limits:{limit.Name}")];
        if (settings.Cache.MaximumMegabytes < 1)
        {
            tooSmall.Add($"Cache:{nameof(CacheSettings.MaximumMegabytes)}");
        }

        return tooSmall.Count == 0
            ? settings
            : throw new SettingsException(string.Join(" ", tooSmall.Select(name => $"Kalends:{name} must be at least 1.")));
    }
}

/// <summary>Whose tokens are believed. Either <see cref="Authority"/>, or <see cref="Issuer"/> with <see cref="KeyFile"/>.</summary>
public sealed record AuthSettings
{
    /// <summary>The address of an OpenID Connect provider; its keys are found there and followed as they change.</summary>
    public string? Authority { get; init; }

    /// <summary>What <c>iss</c> must say, to the letter, where keys come from <see cref="KeyFile"/>.</summary>
    public string? Issuer { get; init; }

    /// <summary>A public key in PEM, or a JWKS in JSON.</summary>
    public string? KeyFile { get; init; }

    /// <summary>What <c>aud</c> must name; <c>kalends</c> when absent.</summary>
    public string? Audience { get; init; }

    /// <summary>The signature algorithms that count; RS256, PS256 and ES256 when absent. Never <c>none</c> or a shared secret (HS…).</summary>
    public IReadOnlyList<string>? Algorithms { get; init; }
}

public sealed record DevelopmentSettings
{
    /// <summary>Where the development signing key lies, or will once it is needed; a file of the user's own state folder when absent.</summary>
    public string? KeyFile { get; init; }
}

public sealed record ReplicaSettings
{
    /// <summary>A query that waits longer is as good as one that failed.</summary>
    public const int LongestWait = 10_000;

    public const int MostBehind = 3_600;

    /// <summary>For a replica to come to the position a query names, before the primary is asked.</summary>
    public int WaitMilliseconds { get; init; } = 500;

    /// <summary>A replica that shows what is older rests until it has caught up.</summary>
    public int MostBehindSeconds { get; init; } = 10;

    internal bool CanBeMeant => WaitMilliseconds is >= 0 and <= LongestWait && MostBehindSeconds is >= 1 and <= MostBehind;

    public ReplicaPatience Patience() =>
        new() { Wait = TimeSpan.FromMilliseconds(WaitMilliseconds), MostBehind = TimeSpan.FromSeconds(MostBehindSeconds) };
}

public sealed record TimeZoneSettings
{
    /// <summary>A time-zone database in Noda Time's format (.nzd), in place of the one inside the program. Read when the program starts.</summary>
    public string? File { get; init; }
}

public sealed record TrailSettings
{
    /// <summary>What is older is dropped from the trail each day. Everything is kept where it is absent.</summary>
    public int? KeepDays { get; init; }

    internal bool CanBeMeant => KeepDays is null or (>= IRetentionWrites.FewestDays and <= Retention.MostDays);
}

public sealed record CacheSettings
{
    /// <summary>False: every query reads the store.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>
    /// At most this much free/busy is kept: a year of 10,000 people with 1,300 appointments each is some 75, and what conflicts are called has up to
    /// a sixteenth.
    /// </summary>
    public int MaximumMegabytes { get; init; } = 144;

    /// <summary>The store with the cache before it, or as it is.</summary>
    public IStore Before(IStore store) => Enabled ? new CachedStore(store, new(MaximumMegabytes * 1024L * 1024)) : store;
}

/// <summary>The program cannot run as it is set up; the message says what to set.</summary>
public sealed class SettingsException : Exception
{
    public SettingsException()
    {
    }

    public SettingsException(string message)
        : base(message)
    {
    }

    public SettingsException(string message, Exception cause)
        : base(message, cause)
    {
    }
}
