using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kalends.Messages;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Publications;

/// <summary>
/// How far a listener has heard, as the id that they bring back: sealed for the tenant and the person, always of one length, so that neither the
/// number in it nor how many events others caused can be told from it.
/// </summary>
internal static class FeedPlaces
{
    /// <summary>Longer than a weekend without the line. A listener that is connected gets a newer one with every heartbeat.</summary>
    public static readonly Duration Lifetime = Duration.FromDays(7);

    private const string Pointer = "/lastEventId";

    public static ValueTask<string> Seal(IReadSession session, Caller caller, long seq, Instant now)
    {
        var bytes = new byte[2 * sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(bytes, seq);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(sizeof(long)), now.ToUnixTimeSeconds());
        return new SealedText(session).Seal(bytes, GoodFor(caller));
    }

    public static async ValueTask<Outcome<long>> Open(IReadSession session, Caller caller, string text, Instant now)
    {
        if (await new SealedText(session).Open(text, GoodFor(caller)) is not { } opened)
        {
            return Refusal.At(RefusalCode.Invalid, Pointer, "is not an id that this feed gave to this caller; listen without it");
        }

        if (opened.IsLost)
        {
            return Refusal.At(
                RefusalCode.CursorExpired, Pointer, "goes on from what this store does not have: read what you follow anew, and listen without it");
        }

        var made = Instant.FromUnixTimeSeconds(BinaryPrimitives.ReadInt64BigEndian(opened.Bytes.AsSpan(sizeof(long))));
        return made < now - Lifetime
            ? Refusal.At(RefusalCode.CursorExpired, Pointer, $"is older than {Lifetime.Days} days: read what you follow anew, and listen without it")
            : BinaryPrimitives.ReadInt64BigEndian(opened.Bytes);
    }

    private static byte[] GoodFor(Caller caller) => JsonSerializer.SerializeToUtf8Bytes(new JsonArray("feed 1", caller.Tenant, caller.Person.Value));
}
