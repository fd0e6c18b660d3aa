using System.Security.Cryptography;
using System.Text.Json;
using Kalends.Storage;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using NodaTime;

namespace Kalends.Server.Http.Bearer;

/// <summary>
/// The signing key of development: ES256 on P-256, made at first use and kept in a file that only its user may read, so that the
/// program that prints tokens and the one that serves agree. A host believes it only where development is switched on.
/// </summary>
public sealed class DevelopmentKey
{
    public const string Issuer = "kalends-development";

    public const string Audience = "kalends";

    private readonly ECDsaSecurityKey key;

    private DevelopmentKey(string file, ECDsa pair)
    {
        File = file;
        key = new(pair);
        key.KeyId = Base64UrlEncoder.Encode(key.ComputeJwkThumbprint());
    }

    public string File { get; }

    /// <summary>The public half, named by its RFC 7638 thumbprint.</summary>
    public SecurityKey Public
    {
        get
        {
            var half = JsonWebKeyConverter.ConvertFromECDsaSecurityKey(new(ECDsa.Create(key.ECDsa.ExportParameters(false))));
            half.KeyId = half.Kid = key.KeyId;
            return half;
        }
    }

    /// <summary>Reads the key, or makes it where there is none yet.</summary>
    public static DevelopmentKey Open(DevelopmentSettings settings)
    {
        var file = settings.KeyFile ?? DefaultFile();
        try
        {
            var pair = ECDsa.Create();
            pair.ImportFromPem(PrivateFile.ReadOrMake(file, () => ECDsa.Create(ECCurve.NamedCurves.nistP256).ExportPkcs8PrivateKeyPem()));
            return pair.KeySize == 256
                ? new(file, pair)
                : throw new SettingsException($"{file} holds no P-256 key; delete it and it is made anew.");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new SettingsException(
                $"The development key cannot be read or made at {file} ({fault.Message}); set Kalends:Development:KeyFile to a file of yours.",
                fault);
        }
    }

    /// <summary>A token signed by this key. Scopes are such as <c>kalends.read</c>.</summary>
    public string Token(string tenant, CalendarId subject, string app, IEnumerable<string> scopes, Duration lifetime, IClock? clock = null)
    {
        var now = (clock ?? SystemClock.Instance).GetCurrentInstant();
        return Sign(new()
        {
            ["iss"] = Issuer,
            ["aud"] = Audience,
            ["sub"] = subject.Value,
            ["tenant"] = tenant,
            ["azp"] = app,
            ["scope"] = string.Join(' ', scopes),
            ["iat"] = now.ToUnixTimeSeconds(),
            ["nbf"] = now.ToUnixTimeSeconds(),
            ["exp"] = (now + lifetime).ToUnixTimeSeconds(),
        });
    }

    /// <summary>Any claims, signed: for tests of what must be refused.</summary>
    internal string Sign(Dictionary<string, object> claims, Dictionary<string, object>? header = null) =>
        new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(
            JsonSerializer.Serialize(claims), new SigningCredentials(key, SecurityAlgorithms.EcdsaSha256), header ?? []);

    /// <summary>Where state that a user's programs keep belongs (XDG base directories), whatever directory they run in.</summary>
    private static string DefaultFile()
    {
        var state = Environment.GetEnvironmentVariable("XDG_STATE_HOME");
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        var folder = Path.IsPathRooted(state) ? state
            : home.Length > 0 ? Path.Combine(home, ".local", "state")
            : Path.GetTempPath();
        return Path.Combine(folder, "kalends", "development-key.pem");
    }
}
