using System.Text.Json;
using System.Text.Json.Nodes;
using Kalends.Messages.Json;
using NodaTime;

namespace Kalends.Messages;

/// <summary>
/// Opaque cursors: where a page ended (a key of the order, never an offset) and when it was written, sealed for the tenant, the
/// person and the very query that it goes on with. Nobody can read one, change one or use it elsewhere.
/// </summary>
public static class Cursors
{
    /// <summary>A day: longer than any reading of pages, short enough that what a page promised can be kept.</summary>
    public static readonly Duration Lifetime = Duration.FromHours(24);

    public static ValueTask<string> Write<TResult, TKey>(PagedQuery<TResult> query, QueryContext context, TKey key) =>
        context.Sealed.Seal(WireJson.Write(new Content<TKey>(key, context.Now)), GoodFor(query, context.Caller));

    /// <summary>The key inside the query's cursor; null when it came without one; refused when it is not this query's or too old.</summary>
    public static async ValueTask<Outcome<TKey?>> Read<TResult, TKey>(PagedQuery<TResult> query, QueryContext context)
        where TKey : class
    {
        if (query.Cursor is null)
        {
            return (TKey?)null;
        }

        if (await context.Sealed.Open(query.Cursor, GoodFor(query, context.Caller)) is not { } opened)
        {
            return Refusal.At(RefusalCode.Invalid, "/cursor", "is not a cursor that this same query answered; ask again without it");
        }

        if (opened.IsLost)
        {
            return Refusal.At(RefusalCode.CursorExpired, "/cursor", "goes on from what this store does not have: ask the query again without a cursor");
        }

        var content = WireJson.Read<Content<TKey>>(opened.Bytes);
        return content.At < context.Now - Lifetime
            ? Refusal.At(RefusalCode.CursorExpired, "/cursor", "is older than 24 hours: ask the query again without a cursor")
            : content.Key;
    }

    private static byte[] GoodFor<TResult>(PagedQuery<TResult> query, Caller caller)
    {
        var members = JsonSerializer.SerializeToNode(query, query.GetType(), WireJson.Options)!.AsObject();
        members.Remove("cursor");
        members.Remove("limit");
        return JsonSerializer.SerializeToUtf8Bytes(new JsonArray("cursor 2", caller.Tenant, caller.Person.Value, query.GetType().Name, members));
    }

    private sealed record Content<TKey>(TKey Key, Instant At);
}
