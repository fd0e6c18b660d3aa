using System.Buffers.Text;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json;
using Kalends.Reminders.Push;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using NodaTime;

namespace Kalends.Server.Reminders;

/// <summary>
/// Who pushes (VAPID, RFC 8292): a key pair that browsers are subscribed for, so that nobody else can send to them, and whom a push service may write to.
/// </summary>
internal sealed class PushIdentity
{
    private const int PrivateBytes = 32;

    /// <summary>Of the 24 hours that are the most (RFC 8292 §2), so that neither clock need be right.</summary>
    private static readonly Duration Lifetime = Duration.FromHours(12);

    private readonly JsonWebTokenHandler tokens = new() { SetDefaultTimesOnTokenCreation = false };
    private readonly SigningCredentials signing;
    private readonly string subject;

    private PushIdentity(string subject, ECDsa pair, string publicKey) =>
        (this.subject, signing, PublicKey) = (subject, new(new ECDsaSecurityKey(pair), SecurityAlgorithms.EcdsaSha256), publicKey);

    /// <summary>In base64url.</summary>
    public string PublicKey { get; }

    public static (string PublicKey, string PrivateKey) NewKeys()
    {
        using var pair = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var parameters = pair.ExportParameters(includePrivateParameters: true);
        return (Base64Url.EncodeToString(PushKeys.Point(parameters)), Base64Url.EncodeToString(parameters.D!));
    }

    /// <summary>Null where these are no keys of P-256, or not of one pair.</summary>
    public static PushIdentity? Of(string subject, string publicKey, string privateKey)
    {
        if (PushKeys.PublicKey(publicKey) is not { } point || PushKeys.Decoded(privateKey, PrivateBytes) is not { } secret)
        {
            return null;
        }

        try
        {
            var pair = ECDsa.Create(PushKeys.Parameters(point) with { D = secret });
            return Fits(pair, point) ? new(subject, pair, Base64Url.EncodeToString(point)) : null;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    public AuthenticationHeaderValue For(Uri endpoint, Instant now)
    {
        var claims = new Dictionary<string, object>
        {
            ["aud"] = endpoint.GetLeftPart(UriPartial.Authority), ["exp"] = (now + Lifetime).ToUnixTimeSeconds(), ["sub"] = subject,
        };
        return new("vapid", $"t={tokens.CreateToken(JsonSerializer.Serialize(claims), signing)}, k={PublicKey}");
    }

    /// <summary>Not every platform looks whether the two belong together.</summary>
    private static bool Fits(ECDsa pair, byte[] point)
    {
        using var other = ECDsa.Create(PushKeys.Parameters(point));
        return other.VerifyData(point, pair.SignData(point, HashAlgorithmName.SHA256), HashAlgorithmName.SHA256);
    }
}
