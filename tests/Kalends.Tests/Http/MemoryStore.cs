using System.Collections.Concurrent;
using Kalends.Messages;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Tests.Http;

/// <summary>As little of a store as commands that keep nothing need: the answers of idempotency keys, and a sequence.</summary>
internal sealed class MemoryStore : IStore
{
    private readonly ConcurrentDictionary<(string Tenant, string Person, string Key), KeptAnswer> answers = new();
    private long sequence;

    public bool Ready { get; set; } = true;

    public ValueTask<IReadSession> Read(string tenant, CancellationToken stopped) => new(new Session(this, tenant));

    public ValueTask<IWriteSession> Write(string tenant, CancellationToken stopped) => new(new Session(this, tenant));

    public ValueTask<IReadOnlyList<string>> Tenants(CancellationToken stopped) => new([]);

    public IAsyncEnumerable<string> FindBroken(CancellationToken stopped) => AsyncEnumerable.Empty<string>();

    public ValueTask<IReadOnlyList<string>> Migrate(CancellationToken stopped) => new([]);

    public ValueTask<bool> IsReady(CancellationToken stopped) => new(Ready);

    private sealed class Session(MemoryStore store, string tenant) : IWriteSession, IIdempotencyRows, ITrailWrites
    {
        public T Rows<T>()
            where T : class => this as T ?? throw new NotSupportedException(typeof(T).Name);

        public ValueTask Commit(CancellationToken stopped) => default;

        public ValueTask DisposeAsync() => default;

        public ValueTask<KeptAnswer?> Find(CalendarId person, string key, Instant notBefore) =>
            new(store.answers.GetValueOrDefault((tenant, person.Value, key)));

        public ValueTask Keep(CalendarId person, string key, KeptAnswer answer)
        {
            store.answers[(tenant, person.Value, key)] = answer;
            return default;
        }

        public ValueTask<long> Append(CommandRecord command, IReadOnlyList<Change> changes) => new(Interlocked.Increment(ref store.sequence));
    }
}
