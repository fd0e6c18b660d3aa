using System.Buffers.Text;
using System.Security.Cryptography;

namespace Kalends.Messages;

/// <summary>Cursors and tokens as text: bytes as base64url, with a short hash that binds them to what they are good for.</summary>
public static class OpaqueText
{
    /// <summary>Bytes of a binding; eight make a chance hit a matter of aeons, and nothing secret hangs on it.</summary>
    public const int BindingLength = 8;

    public static string Write(ReadOnlySpan<byte> bytes) => Base64Url.EncodeToString(bytes);

    /// <summary>The bytes, or null for a text that is none of ours.</summary>
    public static byte[]? Read(string text) =>
        Base64Url.IsValid(text, out var length) && length > 0 ? Base64Url.DecodeFromChars(text) : null;

    public static ReadOnlySpan<byte> Binding(ReadOnlySpan<byte> bound) => SHA256.HashData(bound).AsSpan(0, BindingLength);
}
