using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;

namespace Kalends.Reminders.Push;

/// <summary>The keys of a browser's subscription, as its <c>toJSON()</c> gives them: base64url (RFC 8291 §2.1).</summary>
public sealed record PushKeys
{
    private const int PointBytes = 65, CoordinateBytes = 32, SecretBytes = 16;

    private const byte Uncompressed = 0x04;

    public required string P256dh { get; init; }

    public required string Auth { get; init; }

    /// <summary>Null where it is no point of P-256, uncompressed.</summary>
    public static byte[]? PublicKey(string text)
    {
        if (Decoded(text, PointBytes) is not { } point || point[0] != Uncompressed)
        {
            return null;
        }

        try
        {
            using var key = ECDiffieHellman.Create(Parameters(point));
            return point;
        }
        catch (CryptographicException)
        {
            // Not on the curve: what is agreed on with such a point could give our side of it away.
            return null;
        }
    }

    public static byte[]? Secret(string text) => Decoded(text, SecretBytes);

    public static ECParameters Parameters(ReadOnlySpan<byte> point) => new()
    {
        Curve = ECCurve.NamedCurves.nistP256,
        Q = new() { X = point.Slice(1, CoordinateBytes).ToArray(), Y = point[(1 + CoordinateBytes)..].ToArray() },
    };

    public static byte[] Point(ECParameters parameters) => [Uncompressed, .. parameters.Q.X!, .. parameters.Q.Y!];

    /// <summary>Null where it is not base64url of so many bytes.</summary>
    public static byte[]? Decoded(string text, int count)
    {
        var bytes = new byte[count];
        return Base64Url.DecodeFromChars(text, bytes, out _, out var written) == OperationStatus.Done && written == count ? bytes : null;
    }
}
