using System.Security.Cryptography;
using System.Text;

namespace Kalends.Reminders;

/// <summary>An id that follows from a text and gives nothing of it away (UUIDv8, RFC 9562 §5.8).</summary>
internal static class HashedId
{
    public static Guid Of(string text)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(text));
        hash[6] = (byte)((hash[6] & 0x0F) | 0x80);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new(hash.AsSpan(0, 16), bigEndian: true);
    }
}
