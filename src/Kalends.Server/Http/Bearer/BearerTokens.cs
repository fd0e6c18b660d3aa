using Kalends.Messages;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using NodaTime;

namespace Kalends.Server.Http.Bearer;

/// <summary>
/// Turns a token into the caller it speaks for, or says why not. The signature is checked by Microsoft's handler, the rest here.
/// </summary>
internal sealed class BearerTokens(TrustedIssuers issuers, IClock clock, ILogger<BearerTokens> log)
{
    /// <summary>Longer than any issuer's tokens in use; each is hashed and parsed before it is known to be worth it.</summary>
    public const int LongestToken = 8 * 1024;

    /// <summary>What two machines' clocks may differ by.</summary>
    private static readonly Duration Skew = Duration.FromSeconds(30);

    private readonly JsonWebTokenHandler handler = new() { MapInboundClaims = false };
    private readonly TokenCache cache = new();

    public async ValueTask<Outcome<Caller>> Check(string token, CancellationToken stopped)
    {
        var now = clock.GetCurrentInstant();
        if (token.Length > LongestToken)
        {
            return Refused($"is longer than {LongestToken} bytes");
        }

        if (cache.Find(token, now) is { } known)
        {
            return known;
        }

        var (parts, fault) = TokenParts.Read(token);
        if (parts is null)
        {
            return Refused(fault);
        }

        // The skew is taken from now: what a token says may lie at the end of time.
        if (parts.Expires <= now - Skew)
        {
            return Refused("has expired");
        }

        return parts.NotBefore > now + Skew ? Refused("is not valid yet") : await CheckSignature(token, parts, now, stopped);
    }

    /// <summary>How long a token that was found valid goes on being so; none for what is no token.</summary>
    public Duration Left(string token) =>
        TokenParts.Read(token).Parts is { } parts ? Duration.Max(parts.Expires + Skew - clock.GetCurrentInstant(), Duration.Zero) : Duration.Zero;

    private async ValueTask<Outcome<Caller>> CheckSignature(string token, TokenParts parts, Instant now, CancellationToken stopped)
    {
        if (issuers.Find(parts.Issuer) is not { } issuer)
        {
            return Refused("is of an issuer that is not trusted here");
        }

        if (issuer.Provider is not null && await WhyNoKeys(issuer, stopped) is { } reason)
        {
            Log.NoKeys(log, reason);
            return Refusal.Of(RefusalCode.Unavailable, "The issuer of tokens does not answer, so none can be checked.")
                with { RetryAfterSeconds = 5 };
        }

        var result = await handler.ValidateTokenAsync(token, issuer.Checks);
        if (!result.IsValid)
        {
            return Refused(Explain(result.Exception));
        }

        cache.Keep(token, parts.Caller, parts.Expires, now);
        return parts.Caller;
    }

    /// <summary>The handler would take a provider that is down for a token that is wrong, and callers would throw theirs away.</summary>
    private static async ValueTask<string?> WhyNoKeys(TrustedIssuer issuer, CancellationToken stopped)
    {
        try
        {
            await issuer.Provider!.GetConfigurationAsync(stopped);
            return null;
        }
        catch (Exception fault) when (fault is InvalidOperationException or IOException or HttpRequestException)
        {
            return fault.InnerException?.Message ?? fault.Message;
        }
    }

    private static string Explain(Exception? fault) => fault switch
    {
        SecurityTokenInvalidAudienceException => "is meant for another audience (aud)",
        SecurityTokenInvalidIssuerException => "is of an issuer that is not trusted here",
        SecurityTokenInvalidAlgorithmException => "is signed in a way that does not count here",
        SecurityTokenSignatureKeyNotFoundException => "is signed by a key that is not known here",
        _ => "is not validly signed",
    };

    private static Refusal Refused(string why) => Refusal.Of(RefusalCode.Unauthenticated, $"The token {why}.");
}
