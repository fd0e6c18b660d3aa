using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kalends.Messages.Json;
using NodaTime;

namespace Kalends.Messages;

/// <summary>
/// Opaque cursors: where a page ended (a key of the order, never an offset), bound to the tenant and to the query that made it, and
/// dated. Layout: format (1 byte), binding (8), seconds since 1970 (8), then the key as JSON; all as base64url.
/// </summary>
public static class Cursors
{
    /// <summary>A day: longer than any reading of pages, short enough that what a page promised can be kept.</summary>
    public static readonly Duration Lifetime = Duration.FromHours(24);

    private const byte Format = 1;
    private const int HeaderLength = 17;

    public static string Write<TResult, TKey>(PagedQuery<TResult> query, QueryContext context, TKey key)
    {
        var json = WireJson.Write(key);
        var bytes = new byte[HeaderLength + json.Length];
        bytes[0] = Format;
        Binding(query, context.Caller).CopyTo(bytes.AsSpan(1));
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(9), context.Now.ToUnixTimeSeconds());
        json.CopyTo(bytes, HeaderLength);
        return OpaqueText.Write(bytes);
    }

    /// <summary>The key inside the query's cursor; null when it came without one; refused when it is not this query's or too old.</summary>
    public static Outcome<TKey?> Read<TResult, TKey>(PagedQuery<TResult> query, QueryContext context)
        where TKey : class
    {
        if (query.Cursor is null)
        {
            return (TKey?)null;
        }

        var bytes = OpaqueText.Read(query.Cursor) ?? [];
        if (bytes.Length <= HeaderLength || bytes[0] != Format
            || !bytes.AsSpan(1, OpaqueText.BindingLength).SequenceEqual(Binding(query, context.Caller)))
        {
            return NotOurs();
        }

        if (BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(9)) < (context.Now - Lifetime).ToUnixTimeSeconds())
        {
            return Refusal.At(RefusalCode.CursorExpired, "/cursor", "is older than 24 hours: ask the query again without a cursor");
        }

        try
        {
            return WireJson.Read<TKey>(bytes.AsSpan(HeaderLength));
        }
        catch (JsonException)
        {
            return NotOurs();
        }
    }

    private static Refusal NotOurs() =>
        Refusal.At(RefusalCode.Invalid, "/cursor", "is not a cursor that this same query answered; ask again without it");

    private static ReadOnlySpan<byte> Binding<TResult>(PagedQuery<TResult> query, Caller caller)
    {
        var members = JsonSerializer.SerializeToNode(query, query.GetType(), WireJson.Options)!.AsObject();
        members.Remove("cursor");
        members.Remove("limit");
        var bound = new JsonArray(caller.Tenant, caller.Person.Value, query.GetType().Name, members);
        return OpaqueText.Binding(JsonSerializer.SerializeToUtf8Bytes(bound));
    }
}
