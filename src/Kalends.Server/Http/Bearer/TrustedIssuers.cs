using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace Kalends.Server.Http.Bearer;

/// <summary>How tokens of one issuer are checked. Its keys check no other's: the issuer is chosen before the key.</summary>
internal sealed record TrustedIssuer(TokenValidationParameters Checks, ConfigurationManager<OpenIdConnectConfiguration>? Provider = null);

/// <summary>The issuers whose tokens are believed: the configured one, and the development key's where development is switched on.</summary>
internal sealed record TrustedIssuers(TrustedIssuer? Configured, TrustedIssuer? Development)
{
    private static readonly string[] UsualAlgorithms =
        [SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.EcdsaSha256];

    public static TrustedIssuers Of(KalendsSettings settings, DevelopmentKey? development)
    {
        var configured = Configure(settings.Auth, mayBePlain: development is not null);
        return configured is not null || development is not null
            ? new(configured, development is null ? null : new(ByKeys(
                DevelopmentKey.Issuer, DevelopmentKey.Audience, [SecurityAlgorithms.EcdsaSha256], [development.Public])))
            : throw new SettingsException(
                "No issuer of tokens is configured, so nobody could call. Set Kalends:Auth:Authority to an OpenID Connect provider, or "
                + "Kalends:Auth:Issuer and Kalends:Auth:KeyFile to an issuer's name and public key (in the environment: "
                + "Kalends__Auth__Authority …). "
                + "To try Kalends, set ASPNETCORE_ENVIRONMENT=Development: then the tokens that `kalends token` prints are accepted.");
    }

    /// <summary>Null when no trusted issuer has this name. A provider's own name is only known once it answered.</summary>
    public TrustedIssuer? Find(string issuer) => issuer == DevelopmentKey.Issuer ? Development : Configured;

    private static TrustedIssuer? Configure(AuthSettings auth, bool mayBePlain)
    {
        var algorithms = auth.Algorithms is { Count: > 0 } named ? [.. named] : UsualAlgorithms;
        if (algorithms.FirstOrDefault(IsUnsafe) is { } unsafeOne)
        {
            throw new SettingsException($"Kalends:Auth:Algorithms must not name {unsafeOne}: only signatures by a key pair (RS…, PS…, ES…) count.");
        }

        var audience = auth.Audience ?? DevelopmentKey.Audience;
        return auth switch
        {
            { Authority: { Length: > 0 } authority } => ByProvider(authority, audience, algorithms, mayBePlain),
            { Issuer: { Length: > 0 } issuer, KeyFile: { Length: > 0 } file } =>
                new(ByKeys(issuer, audience, algorithms, KeyFiles.Read(file))),
            { Issuer: null or "", KeyFile: null or "" } => null,
            _ => throw new SettingsException("Kalends:Auth:Issuer and Kalends:Auth:KeyFile go together: set both, or Kalends:Auth:Authority instead."),
        };
    }

    private static bool IsUnsafe(string algorithm) => algorithm.Length != 5 || algorithm[..2] is not ("RS" or "PS" or "ES");

    private static TrustedIssuer ByProvider(string authority, string audience, string[] algorithms, bool mayBePlain)
    {
        var checks = Strict(audience, algorithms);
        var client = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        var provider = new ConfigurationManager<OpenIdConnectConfiguration>(
            authority.TrimEnd('/') + "/.well-known/openid-configuration",
            new OpenIdConnectConfigurationRetriever(),
            new HttpDocumentRetriever(client) { RequireHttps = !mayBePlain });
        checks.ConfigurationManager = provider;
        checks.TryAllIssuerSigningKeys = false;
        return new(checks, provider);
    }

    private static TokenValidationParameters ByKeys(string issuer, string audience, string[] algorithms, IReadOnlyList<SecurityKey> keys)
    {
        var checks = Strict(audience, algorithms);
        checks.ValidIssuer = issuer;
        // A token that names its key is checked by that key alone; a key without a name (PEM) stands in for any.
        checks.IssuerSigningKeyResolver = (_, _, name, _) => keys.Where(key =>
            string.IsNullOrEmpty(name) || string.IsNullOrEmpty(key.KeyId) || key.KeyId == name);
        return checks;
    }

    /// <summary>Lifetimes are checked by <see cref="BearerTokens"/>, against the host's clock.</summary>
    private static TokenValidationParameters Strict(string audience, string[] algorithms) => new()
    {
        ValidAudience = audience,
        ValidAlgorithms = algorithms,
        ValidateLifetime = false,
        ValidateIssuerSigningKey = true,
        RequireSignedTokens = true,
    };
}
