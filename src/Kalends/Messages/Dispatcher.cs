using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography;
using Kalends.Messages.Json;
using Kalends.Outgoing;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Messages;

/// <summary>
/// Runs every message, in one visible order. A command: validate, authorise, idempotency key, ONE write transaction, execute, trail
/// and publications in the same transaction, commit, measure. A query: validate, authorise, read-only session, execute (each
/// query masks what it loads by the access decided here), measure.
/// </summary>
public sealed class Dispatcher(IStore store, IPermissions permissions, IClock clock)
{
    /// <summary>Idempotency keys whose first run is still under way in this process.</summary>
    private readonly ConcurrentDictionary<(string Tenant, string Person, string Key), byte> running = new();

    private Action<string>? committed;

    /// <summary>Told what each query showed that was answered. Called on its way, so it must be quick and never wait.</summary>
    public Action<Viewing>? Viewed { get; set; }

    /// <summary>Which addresses that callers name may be called.</summary>
    public OutgoingRules Outgoing { get; init; } = OutgoingRules.Strict;

    /// <summary>What a browser must name to be pushed to by this server; null where it pushes nothing.</summary>
    public string? ApplicationServerKey { get; init; }

    /// <summary>Who is told the tenant of each command that was committed: for what goes on behind commands, such as sealing the trail.</summary>
    public void OnCommitted(Action<string> told) => committed += told;

    public async ValueTask<Reply> Run<TResult>(string name, Query<TResult> query, Caller caller, RunOptions options, CancellationToken stopped)
    {
        var started = Stopwatch.GetTimestamp();
        // A stream lasts as long as its reader likes, which is no measure of the query.
        var kind = options.Items is null ? "query" : "stream";
        using var span = Spans.Begin(name, kind, caller);
        var reply = await Ask(query, caller, options, stopped);
        Spans.End(span, reply);
        Measurements.Ran(name, kind, reply, started);
        return reply;
    }

    public async ValueTask<Reply> Run<TResult>(string name, Command<TResult> command, Caller caller, RunOptions options, CancellationToken stopped)
    {
        var started = Stopwatch.GetTimestamp();
        using var span = Spans.Begin(name, "command", caller);
        var reply = await Once(name, command, caller, options, stopped);
        Spans.End(span, reply);
        Measurements.Ran(name, "command", reply, started);
        return reply;
    }

    private async ValueTask<Reply> Ask<TResult>(Query<TResult> query, Caller caller, RunOptions options, CancellationToken stopped)
    {
        if (Refuse(query, caller, Scopes.Read) is { } refusal)
        {
            return Reply.Refused(refusal);
        }

        try
        {
            var now = Now();
            return await Readings.Run(
                store, caller.Tenant, options.AtLeast, anywhere: query is not IReadsTheLatest,
                async session => (options.Items is null ? await Ask(query, caller, now, session, null, recalls: true, stopped) : null)
                    // What was handed out cannot be taken back, so for who streams nothing is decided by what may not hold.
                    ?? (await Ask(query, caller, now, session, options.Items, recalls: false, stopped))!,
                options.Items, stopped);
        }
        catch (StoreUnavailableException) when (stopped.IsCancellationRequested)
        {
            throw new OperationCanceledException(stopped);
        }
        catch (StoreUnavailableException fault)
        {
            return Reply.Refused(Unavailable(fault));
        }
        catch (ReplicaFailedException fault)
        {
            return Reply.Refused(Unavailable(new("A replica was lost on the way; ask again.", fault)));
        }
        catch (StoreChangedException fault)
        {
            // A standby does that to who reads what the primary clears away.
            return Reply.Refused(Unavailable(new("The database ended this query for the sake of others; try again shortly.", fault)));
        }
        catch (TooMuchWorkException fault)
        {
            return Reply.Refused(Refusal.Of(RefusalCode.TooLarge, fault.Message));
        }
    }

    /// <summary>Null where it ran on decisions that do not hold.</summary>
    private async ValueTask<Reply?> Ask<TResult>(
        Query<TResult> query, Caller caller, Instant now, IReadSession session, IItemSink? items, bool recalls, CancellationToken stopped)
    {
        var decisions = new Decisions(permissions, caller, session, recalls);
        var refusal = await decisions.Refuse(query);
        var outcome = refusal is null
            ? await query.Execute(new(caller, now, session, decisions, stopped) { Items = items, ApplicationServerKey = ApplicationServerKey })
            : refusal;
        if (!await decisions.Hold())
        {
            return null;
        }

        Tell(query, outcome, caller, now, decisions);
        return new() { Result = outcome.Refusal is null ? outcome.Value : null, Refusal = outcome.Refusal };
    }

    /// <summary>A further page is no further look.</summary>
    private void Tell<TResult>(Query<TResult> query, Outcome<TResult> outcome, Caller caller, Instant now, Decisions decisions)
    {
        if (Viewed is { } tell && outcome.Refusal is null && query is IShowsCalendars shows and not PagedQuery<TResult> { Cursor: not null }
            && decisions.Seen(shows.Shown) is { Count: > 0 } seen)
        {
            tell(new(caller.Tenant, caller.Person, seen, now));
        }
    }

    private async ValueTask<Reply> Once<TResult>(
        string name, Command<TResult> command, Caller caller, RunOptions options, CancellationToken stopped)
    {
        if (Refuse(command, caller, Scopes.Write) is { } refusal)
        {
            return Reply.Refused(refusal);
        }

        if (options.IdempotencyKey is not { } key || options.DryRun)
        {
            return await Guarded(name, command, caller, options, null, stopped);
        }

        if (Idempotency.Refuse(key) is { } wrongKey)
        {
            return Reply.Refused(wrongKey);
        }

        var slot = (caller.Tenant, caller.Person.Value, key);
        if (!running.TryAdd(slot, 0))
        {
            var refused = Refusal.Of(RefusalCode.Conflict, "The first request with this Idempotency-Key is still running.");
            return Reply.Refused(refused with { RetryAfterSeconds = 1 });
        }

        try
        {
            return await Guarded(name, command, caller, options, SHA256.HashData(WireJson.WriteAny(command)), stopped);
        }
        finally
        {
            running.TryRemove(slot, out _);
        }
    }

    private async ValueTask<Reply> Guarded<TResult>(
        string name, Command<TResult> command, Caller caller, RunOptions options, byte[]? requestHash, CancellationToken stopped)
    {
        try
        {
            var reply = await Attempts.Run(first => Change(name, command, caller, options, requestHash, default(TResult), first, stopped));
            while (!options.DryRun && Left(command, reply) is var (done, left) && left > 0)
            {
                options.Progress?.Invoke(done, left);
                var before = (TResult)reply.Result!;
                reply = await Attempts.Run(first => Change(name, command, caller, options, requestHash, before, first, stopped));
            }

            return reply;
        }
        catch (StoreUnavailableException fault)
        {
            return Reply.Refused(Unavailable(fault));
        }
        catch (TooMuchWorkException fault)
        {
            return Reply.Refused(Refusal.Of(RefusalCode.TooLarge, fault.Message));
        }
    }

    private static (long Done, long Left) Left<TResult>(Command<TResult> command, Reply reply) =>
        command is IDoneInParts<TResult> parts && reply.Result is TResult part ? parts.Progress(part) : (0, 0);

    /// <summary>
    /// One transaction; <paramref name="before"/> is what the parts before it came to, of a command that is done in parts.
    /// <paramref name="first"/>: calendars to lock before anything is read.
    /// </summary>
    private async ValueTask<Reply> Change<TResult>(
        string name, Command<TResult> command, Caller caller, RunOptions options, byte[]? requestHash, TResult? before,
        IReadOnlyCollection<CalendarId> first, CancellationToken stopped)
    {
        return await Change(name, command, caller, options, requestHash, before, first, recalls: true, stopped)
            ?? (await Change(name, command, caller, options, requestHash, before, first, recalls: false, stopped))!;
    }

    /// <summary>Null where it ran on decisions that do not hold.</summary>
    private async ValueTask<Reply?> Change<TResult>(
        string name, Command<TResult> command, Caller caller, RunOptions options, byte[]? requestHash, TResult? before,
        IReadOnlyCollection<CalendarId> first, bool recalls, CancellationToken stopped)
    {
        var now = Now();
        await using var session = await store.Write(caller.Tenant, stopped);
        var decisions = new Decisions(permissions, caller, session, recalls);
        if (await decisions.Refuse(command) is { } forbidden)
        {
            return await decisions.Hold() ? Reply.Refused(forbidden) : null;
        }

        var kept = session.Rows<IIdempotencyRows>();
        if (requestHash is not null && await kept.Find(caller.Person, options.IdempotencyKey!, now - Idempotency.KeptFor) is { } answer)
        {
            // Nothing to keep; but its position includes what the first run kept.
            return await decisions.Hold() ? Replay<TResult>(answer, name, requestHash, await session.Commit(stopped)) : null;
        }

        if (first.Count > 0)
        {
            await session.Rows<ICalendarWrites>().Lock(first);
        }

        var (context, outcome) = await Attempts.Execute(
            command, () => new(caller, now, session, decisions, stopped) { DryRun = options.DryRun, Outgoing = Outgoing });
        if (!await decisions.Hold())
        {
            return null;
        }

        if (outcome.Refusal is { } refusal)
        {
            await session.DisposeAsync();
            await KeepRefusal(name, caller, options, requestHash, refusal, now, stopped);
            return Reply.Refused(refusal);
        }

        var result = before is not null && command is IDoneInParts<TResult> parts ? parts.Sum(before, outcome.Value) : outcome.Value;
        if (options.DryRun)
        {
            return new() { Result = result, DryRun = true };
        }

        var record = new CommandRecord(
            context.CommandId, now, caller.Person, caller.App, name, options.RequestId, WireJson.WriteAny(context.TrailData ?? command.TrailData));
        var reply = new Reply { Result = result };
        if (requestHash is not null && Left(command, reply).Left == 0)
        {
            await kept.Keep(caller.Person, options.IdempotencyKey!, new(name, requestHash, false, WireJson.WriteAny(result!), now));
        }

        var position = await session.Commit(record, context.Changes, context.Touched, stopped);
        committed?.Invoke(caller.Tenant);
        return reply with { Result = result is IAnswersPosition open ? open.At(position) : result, Position = position };
    }

    /// <summary>A refusal undoes its transaction, so the answer kept for its key needs one of its own.</summary>
    private async ValueTask KeepRefusal(
        string name, Caller caller, RunOptions options, byte[]? requestHash, Refusal refusal, Instant now, CancellationToken stopped)
    {
        if (requestHash is null)
        {
            return;
        }

        await using var session = await store.Write(caller.Tenant, stopped);
        if (await session.Rows<IIdempotencyRows>().Find(caller.Person, options.IdempotencyKey!, now - Idempotency.KeptFor) is not null)
        {
            // Another process ran the same request between our two transactions: its answer was first.
            return;
        }

        await session.Rows<IIdempotencyRows>().Keep(
            caller.Person, options.IdempotencyKey!, new(name, requestHash, true, WireJson.Write(refusal), now));
        await session.Commit(stopped);
    }

    private static Reply Replay<TResult>(KeptAnswer first, string name, byte[] requestHash, Position position) =>
        first.Command != name || !first.RequestHash.AsSpan().SequenceEqual(requestHash)
            ? Reply.Refused(Refusal.Of(RefusalCode.IdempotencyKeyReused, Idempotency.Reused))
            : first.Refused
                ? new() { Refusal = WireJson.Read<Refusal>(first.Body), IsReplay = true }
                : typeof(TResult).IsAssignableTo(typeof(IAnswersPosition))
                ? new() { Result = ((IAnswersPosition)WireJson.Read<TResult>(first.Body)!).At(position), IsReplay = true, Position = position }
                : new() { Replayed = first.Body, IsReplay = true, Position = position };

    /// <summary>What can be said against it without a look at the store.</summary>
    internal static Refusal? Refuse<TResult>(Message<TResult> message, Caller caller, Scopes scope)
    {
        if (!caller.Scopes.HasFlag(scope))
        {
            return Refusal.Of(RefusalCode.Forbidden, $"The token lacks the scope kalends.{(scope == Scopes.Read ? "read" : "write")}.");
        }

        var errors = new Errors();
        message.Validate(errors);
        return errors.Refusal;
    }

    private static Refusal Unavailable(StoreUnavailableException fault) =>
        Refusal.Of(RefusalCode.Unavailable, fault.Message) with { RetryAfterSeconds = 1 };

    private Instant Now() => Instant.FromUnixTimeSeconds(clock.GetCurrentInstant().ToUnixTimeSeconds());
}
