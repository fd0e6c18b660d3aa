using System.Runtime.ExceptionServices;

namespace Kalends.Messages;

/// <summary>Pure work on each of many items, in their order: on all processors where there are so many that somebody would wait for one.</summary>
public static class InBulk
{
    /// <summary>Some tens of microseconds each; below this many the other processors are better left to other requests.</summary>
    private const int Many = 100;

    public static IReadOnlyList<TResult> Select<T, TResult>(IReadOnlyCollection<T> items, Func<T, TResult> work)
    {
        if (items.Count < Many)
        {
            return [.. items.Select(work)];
        }

        try
        {
            return items.AsParallel().AsOrdered().Select(work).ToArray();
        }
        catch (AggregateException several)
        {
            // As of few.
            ExceptionDispatchInfo.Throw(several.InnerExceptions[0]);
            throw;
        }
    }
}
