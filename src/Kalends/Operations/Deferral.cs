using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Kalends.Messages;
using Kalends.Queue;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Operations;

/// <summary>
/// Takes a command that need not be answered at once: it is kept with who sent it, and a message that names it is sent in the same transaction. So what was
/// accepted is done, or fails clearly, though every process dies meanwhile.
/// </summary>
public sealed class Deferral(IStore store, IClock clock)
{
    /// <summary>What could not be begun by then has waited longer than whoever sent it.</summary>
    public static readonly Duration Longest = Duration.FromHours(1);

    private const int Attempts = 3;

    /// <summary>The answer is the operation's state, or a refusal. The same key answers the same operation.</summary>
    /// <param name="command">The name of it.</param>
    /// <param name="request">A valid one, as JSON.</param>
    /// <param name="caller">With the rights of their token.</param>
    /// <param name="options">Its key and its request.</param>
    /// <param name="stopped">Ends it before it is kept.</param>
    public async ValueTask<Reply> Begin(string command, byte[] request, Caller caller, RunOptions options, CancellationToken stopped)
    {
        if (Idempotency.Refuse(options.IdempotencyKey) is { } refusal)
        {
            return Reply.Refused(refusal);
        }

        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await Try(command, request, caller, options, stopped);
            }
            catch (StoreChangedException) when (attempt < Attempts)
            {
                // Another process keeps the same key: then it is there.
            }
            catch (StoreUnavailableException fault)
            {
                return Reply.Refused(Refusal.Of(RefusalCode.Unavailable, fault.Message) with { RetryAfterSeconds = 1 });
            }
        }
    }

    private async ValueTask<Reply> Try(string command, byte[] request, Caller caller, RunOptions options, CancellationToken stopped)
    {
        var now = clock.GetCurrentInstant();
        var id = options.IdempotencyKey is { } key ? IdOf(caller, key) : Guid.CreateVersion7(now.ToDateTimeOffset());
        await using var session = await store.Write(caller.Tenant, stopped);
        var rows = session.Rows<IOperationWrites>();
        if (options.IdempotencyKey is not null && await rows.Find(id, now - Operation.KeptFor) is { } first)
        {
            return first.Command == command && first.Request.AsSpan().SequenceEqual(request)
                ? new() { Result = OperationState.Of(first), IsReplay = true }
                : Reply.Refused(Refusal.Of(RefusalCode.IdempotencyKeyReused, Idempotency.Reused));
        }

        var operation = new Operation
        {
            Id = id,
            Person = caller.Person,
            App = caller.App,
            Scopes = caller.Scopes,
            Command = command,
            Request = request,
            Key = options.IdempotencyKey ?? $"operation:{id}",
            RequestId = options.RequestId,
            CreatedAt = now,
        };
        await rows.Add(operation);
        await session.Rows<IQueueWrites>().Send(
            new(OperationWork.QueueName, OperationWork.KindName, JsonSerializer.SerializeToUtf8Bytes(id), now + Longest), now);
        return new() { Result = OperationState.Of(operation), Position = await session.Commit(stopped) };
    }

    /// <summary>A UUIDv8 (RFC 9562 §5.8) of whose key it is, so that sent again it is the same operation.</summary>
    private static Guid IdOf(Caller caller, string key)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{caller.Tenant}\n{caller.Person}\n{key}")).AsSpan(0, 16);
        hash[6] = (byte)((hash[6] & 0x0F) | 0x80);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new(hash, bigEndian: true);
    }
}
