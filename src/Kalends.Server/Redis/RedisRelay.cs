using System.Globalization;
using Kalends.Publications;
using Kalends.Server.Http;
using StackExchange.Redis;

namespace Kalends.Server.Redis;

/// <summary>
/// Keeps each tenant's events in a stream, <c>kalends:{acme}:events</c>, under ids that are the numbers of the publications. Redis runs a script alone and from
/// beginning to end, so it is seen where the stream stands and appended to it in one piece, and no line that breaks in the middle leaves a gap.
/// </summary>
internal sealed class RedisRelay(RedisLine line, KalendsSettings settings) : IRelay
{
    private const string AnotherStore = "another store";

    // The last id stays though all of a stream was trimmed, and goes with the stream. A stream without a history was made by a reader who came first.
    private const string Script = $"""
        local history = redis.call('GET', KEYS[2])
        if history ~= ARGV[1] then
          if history and not string.find(ARGV[2], history, 1, true) then return '{AnotherStore}' end
          if history then redis.call('DEL', KEYS[1]) end
          redis.call('SET', KEYS[2], ARGV[1])
        end
        local last = '0-0'
        if redis.call('EXISTS', KEYS[1]) == 1 then
          local told = redis.call('XINFO', 'STREAM', KEYS[1])
          for at = 1, #told, 2 do
            if told[at] == 'last-generated-id' then last = told[at + 1] end
          end
        end
        if last == ARGV[3] then
          for at = 5, #ARGV, 2 do
            last = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[4], ARGV[at], 'event', ARGV[at + 1])
          end
        end
        return last
        """;

    private readonly RedisSettings redis = settings.Redis;

    /// <summary>In braces, so that a cluster keeps both keys of a tenant in one place.</summary>
    public static string KeyOf(string prefix, string tenant, string what = "events") => $"{prefix}:{{{tenant}}}:{what}";

    public async ValueTask<long> Append(
        string tenant, RelayHistory history, long after, IReadOnlyList<RelayedEvent> events, CancellationToken stopped)
    {
        var database = (await line.Connected(stopped)).GetDatabase();
        RedisValue[] values =
        [
            history.Present, string.Join(' ', history.Left), IdOf(after), redis.KeepEvents,
            .. events.SelectMany(one => new RedisValue[] { IdOf(one.Seq), one.Json }),
        ];
        var said = (string?)await database.ScriptEvaluateAsync(Script, [Key(tenant), KeyOf(redis.Prefix, tenant, "history")], values).WaitAsync(stopped);
        return said == AnotherStore
            ? throw new RedisException($"the keys that begin with {redis.Prefix}: are of another store; set another Redis:Prefix, or delete them")
            : NumberOf(said);
    }

    public async ValueTask Drop(string tenant, CancellationToken stopped) =>
        await (await line.Connected(stopped)).GetDatabase().KeyDeleteAsync(Key(tenant)).WaitAsync(stopped);

    private RedisKey Key(string tenant) => KeyOf(redis.Prefix, tenant);

    private static string IdOf(long seq) => string.Create(CultureInfo.InvariantCulture, $"{seq}-0");

    /// <summary>What is not of our making is beyond all numbers.</summary>
    private static long NumberOf(string? id) =>
        id is not null && id.EndsWith("-0", StringComparison.Ordinal) && long.TryParse(id[..^2], NumberStyles.None, CultureInfo.InvariantCulture, out var seq)
            ? seq
            : long.MaxValue;
}
