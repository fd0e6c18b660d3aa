using System.Security.Cryptography;

namespace Kalends.Storage;

/// <summary>
/// What cursors and tokens are sealed with: 32 random bytes made with the store, the same for all processes on it. Whoever restores the store from a
/// copy puts a new key in force (<see cref="IStore.MarkRestored"/>): what was sealed with one that is retired may go on from what was lost.
/// </summary>
public sealed record SealingKeys(ReadOnlyMemory<byte> InForce, IReadOnlyList<ReadOnlyMemory<byte>> Retired)
{
    /// <summary>As a store keeps them: hexadecimal, with a blank between, the one in force first. So many are kept.</summary>
    public const int LongestText = (8 * (TextLength + 1)) - 1;

    private const int Length = 32;

    private const int TextLength = 2 * Length;

    public static string NewText() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(Length));

    public static SealingKeys Parse(string stored)
    {
        var keys = stored.Split(' ').Select(text => (ReadOnlyMemory<byte>)Convert.FromHexString(text)).ToList();
        return new(keys[0], keys[1..]);
    }
}
