using System.Net;
using Kalends.Messages;
using Kalends.Publications;
using Kalends.Storage;
using StackExchange.Redis;

namespace Kalends.Server.Redis;

/// <summary>A Redis beside the store, section <c>Redis</c> of the configuration; none while <see cref="Configuration"/> is absent.</summary>
public sealed record RedisSettings
{
    public const string Section = "Redis";

    public const int MostKept = 10_000_000;

    private const int LongestPrefix = 100;

    /// <summary>Where it is, as StackExchange.Redis reads it: <c>redis.example:6379,ssl=true,user=kalends,password=…</c>. Never shown, never logged.</summary>
    public string? Configuration { get; init; }

    /// <summary>With which every key and channel begins: another for each Kalends that shares a Redis.</summary>
    public string Prefix { get; init; } = "kalends";

    /// <summary>So many of a tenant's latest events stay in its stream, and some more: whole pieces of it are dropped.</summary>
    public int KeepEvents { get; init; } = 10_000;

    /// <summary>The app as which events are judged, such as <c>app:bridge</c>, by what tenants grant to it. Absent: as one who sees the times alone.</summary>
    public string? App { get; init; }

    public bool IsSet => !string.IsNullOrWhiteSpace(Configuration);

    internal string? Fault =>
        IsSet && FaultOf(Configuration!) is { } fault ? $"Configuration cannot be understood ({fault}); use what StackExchange.Redis reads, "
            + "such as redis.example:6379,ssl=true,password=…"
        : Prefix.Length is 0 or > LongestPrefix || Prefix.Any(letter => !char.IsAsciiLetterOrDigit(letter) && letter is not ('-' or '_' or '.' or ':'))
            ? $"Prefix must be 1 to {LongestPrefix} letters, digits, dots, colons, hyphens or underscores"
        : KeepEvents is < 1 or > MostKept ? $"KeepEvents must be from 1 to {MostKept}"
        : App is not null && (!App.StartsWith("app:", StringComparison.Ordinal) || App.Length > CalendarId.LongestId || App.Any(char.IsControl))
            ? "App must be the id of an app, such as app:bridge"
        : null;

    /// <summary>
    /// Whatever the string leaves open is ours: the first connection is made again and again by us, and what cannot be sent is not kept for later.
    /// </summary>
    internal ConfigurationOptions Options()
    {
        var options = ConfigurationOptions.Parse(Configuration!);
        options.AbortOnConnectFail = true;
        options.ReconnectRetryPolicy = new ConstantPause();
        options.BacklogPolicy = BacklogPolicy.FailFast;
        options.ClientName ??= "kalends";
        // They stand in our log, and half of a page of figures helps nobody there.
        options.IncludeDetailInExceptions = false;
        return options;
    }

    /// <summary>As whom the events of a tenant are judged, and by what.</summary>
    internal (Caller Reader, IPermissions Permissions) Reader(string tenant, IPermissions permissions) => App is { } app
        ? (new(tenant, new(app), app, Scopes.Read), permissions)
        : (new(tenant, TimesAlone.Nobody, "redis", Scopes.Read), new TimesAlone());

    /// <summary>Says which part is wrong and never what it says: a password may have a comma in it.</summary>
    private static string? FaultOf(string configuration)
    {
        var parts = configuration.Split(',');
        for (var index = 0; index < parts.Length; index++)
        {
            if (!IsReadable(parts[index]))
            {
                return $"between its commas, part {index + 1} is neither an address nor an option";
            }
        }

        return ConfigurationOptions.Parse(configuration).EndPoints.Count == 0 ? "it names no server" : null;
    }

    private static bool IsReadable(string part)
    {
        try
        {
            return ConfigurationOptions.Parse(part).EndPoints.OfType<DnsEndPoint>().All(server => Uri.CheckHostName(server.Host) != UriHostNameType.Unknown);
        }
        catch (Exception fault) when (fault is ArgumentException or FormatException or OverflowException)
        {
            return false;
        }
    }
}
