using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Kalends.Messages;
using NodaTime;

namespace Kalends.Server.Http.Bearer;

/// <summary>
/// Remembers for a minute that a token was valid, by its SHA-256: checking a signature takes some 100 µs, as long as a small query.
/// Two generations bound it: when the young one is full it becomes the old one, and the old one goes.
/// </summary>
internal sealed class TokenCache(int most = 10_000)
{
    private static readonly Duration Longest = Duration.FromSeconds(60);

    private ConcurrentDictionary<Hash, Entry> young = new();
    private ConcurrentDictionary<Hash, Entry> old = new();

    public Caller? Find(string token, Instant now)
    {
        var hash = Hash.Of(token);
        return (young.TryGetValue(hash, out var entry) || old.TryGetValue(hash, out entry)) && now < entry.Until ? entry.Caller : null;
    }

    /// <summary>Never beyond the token's own end.</summary>
    public void Keep(string token, Caller caller, Instant expires, Instant now)
    {
        if (young.Count >= most / 2)
        {
            (old, young) = (young, new());
        }

        young[Hash.Of(token)] = new(caller, Instant.Min(expires, now + Longest));
    }

    private readonly record struct Entry(Caller Caller, Instant Until);

    private readonly record struct Hash(UInt128 High, UInt128 Low)
    {
        public static Hash Of(string token)
        {
            Span<byte> bytes = stackalloc byte[SHA256.HashSizeInBytes];
            SHA256.HashData(MemoryMarshal.AsBytes(token.AsSpan()), bytes);
            return MemoryMarshal.Read<Hash>(bytes);
        }
    }
}
