using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using NodaTime;

namespace Kalends.Webhooks;

/// <summary>
/// The headers of what is sent, as Standard Webhooks 1.0 says: signed with each secret that is in force, so that receivers take a new one when they like.
/// </summary>
public static class Signature
{
    public const string SecretPrefix = "whsec_";

    /// <summary>Of the 24 to 64 that the standard asks for; the length of the hash.</summary>
    private const int SecretBytes = 32;

    public static string NewSecret() => SecretPrefix + Convert.ToBase64String(RandomNumberGenerator.GetBytes(SecretBytes));

    /// <param name="id">Of the event: the same however often it is sent.</param>
    /// <param name="now">Of this attempt: receivers refuse what is old.</param>
    /// <param name="body">To the byte.</param>
    /// <param name="secrets">The one in force first.</param>
    public static IReadOnlyList<(string Name, string Value)> Headers(Guid id, Instant now, byte[] body, IEnumerable<string> secrets)
    {
        var timestamp = now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        byte[] signed = [.. Encoding.UTF8.GetBytes($"{id}.{timestamp}."), .. body];
        var signatures = secrets.Select(secret => Convert.FromBase64String(secret[SecretPrefix.Length..]))
            .Select(key => "v1," + Convert.ToBase64String(HMACSHA256.HashData(key, signed)));
        return [("webhook-id", id.ToString()), ("webhook-timestamp", timestamp), ("webhook-signature", string.Join(' ', signatures))];
    }
}
