using System.Buffers.Text;
using System.Security.Cryptography;

namespace Kalends.Messages;

/// <summary>
/// Cursors and tokens: bytes that only this store can read or make (AES-256-GCM), as base64url. They are bound to what they are good
/// for: opened for anything else, or changed by a bit, they are none of ours. Layout: nonce (12), tag (16), the sealed bytes.
/// </summary>
public readonly struct SealedText(ReadOnlyMemory<byte> key)
{
    private const int NonceLength = 12;
    private const int TagLength = 16;
    private const int LongestText = 4_000;

    public string Seal(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> goodFor)
    {
        var sealedBytes = new byte[NonceLength + TagLength + bytes.Length];
        RandomNumberGenerator.Fill(sealedBytes.AsSpan(0, NonceLength));
        using var cipher = new AesGcm(key.Span, TagLength);
        cipher.Encrypt(
            sealedBytes.AsSpan(0, NonceLength), bytes, sealedBytes.AsSpan(NonceLength + TagLength), sealedBytes.AsSpan(NonceLength, TagLength), goodFor);
        return Base64Url.EncodeToString(sealedBytes);
    }

    /// <summary>The bytes, or null for a text that is none of ours.</summary>
    public byte[]? Open(string text, ReadOnlySpan<byte> goodFor)
    {
        if (text.Length > LongestText || !Base64Url.IsValid(text, out var length) || length <= NonceLength + TagLength)
        {
            return null;
        }

        var sealedBytes = Base64Url.DecodeFromChars(text);
        var bytes = new byte[sealedBytes.Length - NonceLength - TagLength];
        using var cipher = new AesGcm(key.Span, TagLength);
        try
        {
            cipher.Decrypt(
                sealedBytes.AsSpan(0, NonceLength), sealedBytes.AsSpan(NonceLength + TagLength), sealedBytes.AsSpan(NonceLength, TagLength), bytes, goodFor);
            return bytes;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }
}
