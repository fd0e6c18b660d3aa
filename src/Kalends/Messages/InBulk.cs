namespace Kalends.Messages;

/// <summary>Pure work on each of many items, in their order: on all processors where there are so many that somebody would wait for one.</summary>
public static class InBulk
{
    /// <summary>Some tens of microseconds each; below this many the other processors are better left to other requests.</summary>
    private const int Many = 100;

    public static IReadOnlyList<TResult> Select<T, TResult>(IReadOnlyCollection<T> items, Func<T, TResult> work) =>
        items.Count < Many ? [.. items.Select(work)] : [.. items.AsParallel().AsOrdered().Select(work)];
}
