using Kalends.Queue;
using Kalends.Server.Http;
using Kalends.Server.Workers;
using Kalends.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;

namespace Kalends.Tests.Queue;

/// <summary>A process of workers on a clock that a test moves: reads what may be read, and works on it as hosts do, until nothing is left for now.</summary>
internal sealed class Hands(IStore store, IClock clock, params IReadOnlyList<IWork> works)
{
    private readonly WorkRun run = new(store, works, new QueueSettings(), clock, TimeProvider.System, NullLogger<QueueWorkers>.Instance);

    /// <summary>The answer is how many messages were worked on: those alone whose reader has fallen silent, or all others.</summary>
    public async Task<int> Work(int most = int.MaxValue, bool ofLost = false)
    {
        var done = 0;
        for (var again = true; again && done < most;)
        {
            again = false;
            foreach (var queue in works.Select(work => work.Queue).Distinct())
            {
                var taken = await store.Queue.Take(
                    new(queue, Math.Min(10, most - done), Duration.FromMinutes(1)) { OfLost = ofLost }, clock.GetCurrentInstant(), TestContext.Current.CancellationToken);
                foreach (var message in taken.Messages)
                {
                    await run.Run(queue, message, CancellationToken.None);
                    done++;
                }

                again |= taken.Messages.Count > 0;
            }
        }

        return done;
    }
}
