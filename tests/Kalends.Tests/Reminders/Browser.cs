using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Kalends.Reminders.Push;
using NodaTime;

namespace Kalends.Tests.Reminders;

/// <summary>The browser's side of Web Push, written from RFC 8291 and RFC 8188 alone: its keys, and how it reads what it is sent.</summary>
internal sealed class Browser
{
    private readonly ECDiffieHellman pair;
    private readonly byte[] auth;

    public Browser()
        : this(ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256), RandomNumberGenerator.GetBytes(16))
    {
    }

    public Browser(ECDiffieHellman pair, byte[] auth) => (this.pair, this.auth) = (pair, auth);

    public byte[] PublicKey => pair.ExportParameters(false).Q is var point ? [4, .. point.X!, .. point.Y!] : [];

    public string P256dh => Base64Url.EncodeToString(PublicKey);

    public string Auth => Base64Url.EncodeToString(auth);

    /// <summary>What PushSubscription.toJSON() says.</summary>
    public string Json(string endpoint, string more = "") =>
        $$"""{"endpoint":"{{endpoint}}","expirationTime":null,"keys":{"p256dh":"{{P256dh}}","auth":"{{Auth}}"}{{more}}}""";

    public PushSubscription Subscription(string endpoint, string person = "user:ana") =>
        new(new(person), endpoint) { PublicKey = PublicKey, Secret = auth, SubscribedAt = Instant.FromUtc(2026, 11, 1, 9, 0) };

    public string Read(ReadOnlySpan<byte> body)
    {
        var (salt, size, length) = (body[..16].ToArray(), BinaryPrimitives.ReadUInt32BigEndian(body[16..]), body[20]);
        Assert.True(body.Length - 21 - length <= size, "more than one record");
        var (sender, text) = (body.Slice(21, length).ToArray(), body[(21 + length)..].ToArray());
        using var theirs = ECDiffieHellman.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new() { X = sender[1..33], Y = sender[33..] } });
        var agreed = pair.DeriveKeyFromHmac(theirs.PublicKey, HashAlgorithmName.SHA256, auth);
        var material = HMACSHA256.HashData(agreed, (byte[])[.. "WebPush: info\0"u8, .. PublicKey, .. sender, 1]);
        var random = HMACSHA256.HashData(salt, material);
        var key = HMACSHA256.HashData(random, "Content-Encoding: aes128gcm\0\u0001"u8.ToArray())[..16];
        var nonce = HMACSHA256.HashData(random, "Content-Encoding: nonce\0\u0001"u8.ToArray())[..12];
        var plain = new byte[text.Length - 16];
        using var cipher = new AesGcm(key, 16);
        cipher.Decrypt(nonce, text[..^16], text[^16..], plain);
        var end = Array.FindLastIndex(plain, one => one != 0);
        Assert.Equal(2, plain[end]);
        return Encoding.UTF8.GetString(plain, 0, end);
    }
}
