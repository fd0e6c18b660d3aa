using System.Buffers.Binary;
using System.Security.Cryptography;
using Kalends.Reminders.Push;

namespace Kalends.Server.Reminders;

/// <summary>
/// Message encryption for Web Push (RFC 8291): what is sent can be read by the browser that gave its keys, and by no push service on the way. One record of
/// the content coding aes128gcm (RFC 8188).
/// </summary>
internal static class PushEncryption
{
    public const string Coding = "aes128gcm";

    /// <summary>What every push service takes in one message (RFC 8030 §7.2), and so the size of the one record.</summary>
    private const int RecordBytes = 4_096;

    private const int SaltBytes = 16, KeyBytes = 16, NonceBytes = 12, SharedBytes = 32, SizeBytes = 4, PointBytes = 65;

    /// <summary>Ends the text of the last record (RFC 8188 §2).</summary>
    private const byte Last = 2;

    private static readonly int HeadBytes = SaltBytes + SizeBytes + 1 + PointBytes, TagBytes = AesGcm.TagByteSizes.MaxSize;

    public static byte[] Encrypt(ReadOnlySpan<byte> text, PushSubscription to)
    {
        using var own = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        return Encrypt(text, to, own, RandomNumberGenerator.GetBytes(SaltBytes));
    }

    /// <summary>With a key pair and a salt that are used for nothing else.</summary>
    internal static byte[] Encrypt(ReadOnlySpan<byte> text, PushSubscription to, ECDiffieHellman own, byte[] salt)
    {
        var point = PushKeys.Point(own.ExportParameters(false));
        var (key, nonce) = Derive(to, own, point, salt);
        var body = new byte[HeadBytes + text.Length + 1 + TagBytes];
        salt.CopyTo(body, 0);
        BinaryPrimitives.WriteUInt32BigEndian(body.AsSpan(SaltBytes), RecordBytes);
        body[SaltBytes + SizeBytes] = PointBytes;
        point.CopyTo(body, HeadBytes - PointBytes);
        using var cipher = new AesGcm(key, TagBytes);
        cipher.Encrypt(nonce, [.. text, Last], body.AsSpan(HeadBytes, text.Length + 1), body.AsSpan(HeadBytes + text.Length + 1));
        return body;
    }

    /// <summary>RFC 8291 §3.4, then RFC 8188 §2.2 and §2.3.</summary>
    private static (byte[] Key, byte[] Nonce) Derive(PushSubscription to, ECDiffieHellman own, byte[] point, byte[] salt)
    {
        using var theirs = ECDiffieHellman.Create(PushKeys.Parameters(to.PublicKey));
        var agreed = own.DeriveRawSecretAgreement(theirs.PublicKey);
        var shared = Derived(agreed, SharedBytes, to.Secret, [.. "WebPush: info\0"u8, .. to.PublicKey, .. point]);
        return (Derived(shared, KeyBytes, salt, "Content-Encoding: aes128gcm\0"u8), Derived(shared, NonceBytes, salt, "Content-Encoding: nonce\0"u8));
    }

    private static byte[] Derived(byte[] from, int bytes, byte[] salt, ReadOnlySpan<byte> info)
    {
        var derived = new byte[bytes];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, from, derived, salt, info);
        return derived;
    }
}
