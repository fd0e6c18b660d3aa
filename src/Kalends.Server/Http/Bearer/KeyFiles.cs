using System.Security.Cryptography;
using Microsoft.IdentityModel.Tokens;

namespace Kalends.Server.Http.Bearer;

/// <summary>Reads the public keys of an issuer from a file: one in PEM (RSA or EC, no name), or a JWKS (RFC 7517), named.</summary>
internal static class KeyFiles
{
    public static IReadOnlyList<SecurityKey> Read(string file)
    {
        try
        {
            var text = File.ReadAllText(file);
            var keys = text.AsSpan().TrimStart().StartsWith("{") ? FromJwks(text) : [FromPem(text)];
            return keys.Count > 0 ? keys : throw new SettingsException($"Kalends:Auth:KeyFile: {file} holds no public RSA or EC signing key.");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentException or CryptographicException)
        {
            throw new SettingsException($"Kalends:Auth:KeyFile: {file} cannot be read as a PEM public key or a JWKS: {fault.Message}", fault);
        }
    }

    private static IReadOnlyList<SecurityKey> FromJwks(string text) =>
        [.. new JsonWebKeySet(text).Keys.Where(key => (key.Kty is "RSA" or "EC") && (key.Use is null or "" or "sig"))];

    private static SecurityKey FromPem(string text)
    {
        try
        {
            using var rsa = RSA.Create();
            rsa.ImportFromPem(text);
            return new RsaSecurityKey(rsa.ExportParameters(false));
        }
        catch (CryptographicException)
        {
            using var curve = ECDsa.Create();
            curve.ImportFromPem(text);
            using var half = ECDsa.Create(curve.ExportParameters(false));
            return JsonWebKeyConverter.ConvertFromECDsaSecurityKey(new(half));
        }
    }
}
