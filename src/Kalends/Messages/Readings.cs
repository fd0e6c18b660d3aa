using Kalends.Storage;

namespace Kalends.Messages;

/// <summary>
/// Runs a query on whatever may answer it: a replica where there is one, and where that has not come far enough or is lost on the way, once more on
/// the store itself. A query changes nothing, so nobody sees the first try.
/// </summary>
internal static class Readings
{
    /// <param name="store">The store.</param>
    /// <param name="tenant">Whose rows.</param>
    /// <param name="atLeast">The data must be at least as new.</param>
    /// <param name="anywhere">False: of no replica.</param>
    /// <param name="query">Reads what it needs from the session and answers.</param>
    /// <param name="items">Who takes what it finds: once they were given something, it is not run again.</param>
    /// <param name="stopped">Ends it.</param>
    public static async ValueTask<Reply> Run(
        IStore store, string tenant, Position? atLeast, bool anywhere, Func<IReadSession, ValueTask<Reply>> query, IItemSink? items,
        CancellationToken stopped)
    {
        try
        {
            await using var session = anywhere ? await store.ReadAnywhere(tenant, atLeast, stopped) : await store.Read(tenant, stopped);
            var reply = await On(session, atLeast, query);
            Measurements.Answered(session.IsOfReplica ? "replica" : "primary");
            return reply;
        }
        catch (ReplicaFailedException) when (items is not { HasBegun: true })
        {
            await using var session = await store.Read(tenant, stopped);
            var reply = await On(session, atLeast, query);
            Measurements.Answered("fallback");
            return reply;
        }
    }

    private static async ValueTask<Reply> On(IReadSession session, Position? atLeast, Func<IReadSession, ValueTask<Reply>> query) =>
        atLeast is { } position && !await session.Covers(position)
            ? Reply.Refused(Refusal.Of(
                RefusalCode.Invalid,
                "Kalends-Position names what this store has not come to, as after it was restored from a copy: leave it out, and look at what is there."))
            : await query(session);
}
