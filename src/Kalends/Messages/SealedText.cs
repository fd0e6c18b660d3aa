using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using Kalends.Storage;

namespace Kalends.Messages;

/// <summary>What was inside a sealed text; <see cref="IsLost"/> when it goes on from what this store has lost, as after it was restored from a copy.</summary>
public readonly record struct Opened(byte[] Bytes, bool IsLost);

/// <summary>
/// Cursors and tokens: bytes that only this store can read or make (AES-256-GCM), as base64url. They are bound to what they are good
/// for: opened for anything else, or changed by a bit, they are none of ours. They carry the position of the session that made them, so that none
/// is answered from older data. Layout: nonce (12), tag (16), and sealed: kind (1) and number (8) of the position, the bytes.
/// </summary>
public readonly struct SealedText(IReadSession session)
{
    private const int PositionLength = 9;
    private const int NonceLength = 12;
    private const int TagLength = 16;
    private const int LongestText = 4_000;

    public async ValueTask<string> Seal(byte[] bytes, byte[] goodFor)
    {
        var made = await session.Reached();
        byte[] plain = [(byte)made.Kind, .. new byte[PositionLength - 1], .. bytes];
        BinaryPrimitives.WriteUInt64BigEndian(plain.AsSpan(1), made.Number);
        var sealedBytes = new byte[NonceLength + TagLength + plain.Length];
        RandomNumberGenerator.Fill(sealedBytes.AsSpan(0, NonceLength));
        using var cipher = new AesGcm(session.SealingKeys.InForce.Span, TagLength);
        cipher.Encrypt(
            sealedBytes.AsSpan(0, NonceLength), plain, sealedBytes.AsSpan(NonceLength + TagLength), sealedBytes.AsSpan(NonceLength, TagLength), goodFor);
        return Base64Url.EncodeToString(sealedBytes);
    }

    /// <summary>
    /// What is inside, or null for a text that is none of ours. Where only this session's replica has not come as far as the one that made it,
    /// <see cref="ReplicaFailedException"/>.
    /// </summary>
    public async ValueTask<Opened?> Open(string text, byte[] goodFor)
    {
        if (text.Length > LongestText || !Base64Url.IsValid(text, out var length) || length < NonceLength + TagLength + PositionLength)
        {
            return null;
        }

        var sealedBytes = Base64Url.DecodeFromChars(text);
        if (Unseal(sealedBytes, session.SealingKeys.InForce, goodFor) is { } plain)
        {
            var made = new Position((char)plain[0], BinaryPrimitives.ReadUInt64BigEndian(plain.AsSpan(1)));
            // One of another kind was made by the store that this one was copied from, with all that was there.
            return new Opened(plain[PositionLength..], !await session.Covers(made) && made.Kind == (await session.Reached()).Kind);
        }

        foreach (var retired in session.SealingKeys.Retired)
        {
            if (Unseal(sealedBytes, retired, goodFor) is not null)
            {
                return new Opened([], IsLost: true);
            }
        }

        return null;
    }

    private static byte[]? Unseal(byte[] sealedBytes, ReadOnlyMemory<byte> key, byte[] goodFor)
    {
        var plain = new byte[sealedBytes.Length - NonceLength - TagLength];
        using var cipher = new AesGcm(key.Span, TagLength);
        try
        {
            cipher.Decrypt(
                sealedBytes.AsSpan(0, NonceLength), sealedBytes.AsSpan(NonceLength + TagLength), sealedBytes.AsSpan(NonceLength, TagLength), plain, goodFor);
            return plain;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }
}
