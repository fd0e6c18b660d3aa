using System.Buffers.Text;
using System.Text.Json;
using Kalends.Messages;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Server.Http.Bearer;

/// <summary>
/// What a token says, read strictly and before any of it is believed: three parts, JSON objects without repeated members, each claim of
/// the kind it must be. Which claim is wrong is told; a token is no secret from its bearer.
/// </summary>
internal sealed record TokenParts
{
    public const int LongestTenant = 100;

    private const int LongestName = 200;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 16 };

    public required string Issuer { get; init; }

    public required Caller Caller { get; init; }

    public required Instant Expires { get; init; }

    public Instant? NotBefore { get; init; }

    /// <summary>The parts, or what is wrong with them.</summary>
    public static (TokenParts? Parts, string Fault) Read(string token)
    {
        try
        {
            return token.Split('.') is [var header, var payload, { Length: > 0 }]
                ? Read(Decode(header), Decode(payload))
                : (null, "is not a signed JWT of three parts");
        }
        catch (Exception fault) when (fault is FormatException or JsonException or InvalidOperationException)
        {
            return (null, "is not a JWT");
        }
    }

    private static (TokenParts? Parts, string Fault) Read(JsonElement header, JsonElement payload)
    {
        if (header.TryGetProperty("crit", out _))
        {
            return (null, "names critical header members, of which none is known here");
        }

        if (header.TryGetProperty("kid", out var name) && !IsKeyName(name))
        {
            return (null, "names its key in a way that no key is named");
        }

        return Text(payload, "iss") is not { } issuer ? (null, "says no issuer (iss)")
            : Time(payload, "exp") is not { } expires ? (null, "says no time of expiry (exp)")
            : payload.TryGetProperty("nbf", out _) && Time(payload, "nbf") is null ? (null, "says a time of beginning (nbf) that is none")
            : Text(payload, "sub") is not { } subject || !IsName(subject, CalendarId.LongestId)
                ? (null, "says no person (sub) of 1 to 255 characters")
            : Text(payload, "tenant") is not { } tenant || !IsName(tenant, LongestTenant) ? (null, "says no tenant of 1 to 100 characters")
            : (Text(payload, "azp") ?? Text(payload, "client_id")) is not { } app || !IsName(app, CalendarId.LongestId)
                ? (null, "says no application (azp or client_id)")
            : Scopes(payload) is not { } scopes ? (null, "says no scope")
            : (new()
            {
                Issuer = issuer,
                Expires = expires,
                NotBefore = Time(payload, "nbf"),
                Caller = new(tenant, new(subject), app, scopes),
            }, "");
    }

    private static JsonElement Decode(string part)
    {
        using var document = JsonDocument.Parse(Base64Url.DecodeFromChars(part), Strict);
        return document.RootElement.Clone();
    }

    /// <summary>Key names are opaque (RFC 7515 §4.1.4), but a path or address is an attack on whoever would look it up.</summary>
    private static bool IsKeyName(JsonElement name) => name.ValueKind == JsonValueKind.String
        && name.GetString() is { Length: > 0 and <= LongestName } text
        && text.All(letter => char.IsAsciiLetterOrDigit(letter) || "-._~=+:@".Contains(letter, StringComparison.Ordinal))
        && !text.Contains("..", StringComparison.Ordinal);

    private static bool IsName(string text, int longest) => text.Length > 0 && text.Length <= longest && !text.Any(char.IsControl);

    private static string? Text(JsonElement claims, string name) =>
        claims.TryGetProperty(name, out var claim) && claim.ValueKind == JsonValueKind.String ? claim.GetString() : null;

    /// <summary>RFC 7519 NumericDate: seconds since 1970, a fraction allowed.</summary>
    private static Instant? Time(JsonElement claims, string name) =>
        claims.TryGetProperty(name, out var claim) && claim.ValueKind == JsonValueKind.Number
        && claim.TryGetDouble(out var seconds) && seconds >= 0 && seconds < 253_402_300_800
            ? Instant.FromUnixTimeMilliseconds((long)(seconds * 1000))
            : null;

    private static Scopes? Scopes(JsonElement claims)
    {
        if (!claims.TryGetProperty("scope", out var claim))
        {
            return null;
        }

        var words = claim.ValueKind switch
        {
            JsonValueKind.String => claim.GetString()!.Split(' '),
            JsonValueKind.Array => claim.EnumerateArray().Select(word => word.GetString()),
            _ => null,
        };
        return words?.Aggregate(Messages.Scopes.None, (known, word) => known | word switch
        {
            "kalends.read" => Messages.Scopes.Read,
            "kalends.write" => Messages.Scopes.Write,
            "kalends.admin" => Messages.Scopes.Admin,
            _ => Messages.Scopes.None,
        });
    }
}
