namespace Kalends.Storage;

/// <summary>Who in this process wants to know that something was sent to a queue, and that it was.</summary>
internal sealed class QueueBell
{
    private readonly Lock changing = new();
    private IReadOnlyList<Action<string>> listeners = [];

    public void Ring(string queue)
    {
        foreach (var told in listeners)
        {
            told(queue);
        }
    }

    public void Add(Action<string> told)
    {
        lock (changing)
        {
            listeners = [.. listeners, told];
        }
    }

    /// <summary>True where that was the last one.</summary>
    public bool Remove(Action<string> told)
    {
        lock (changing)
        {
            listeners = [.. listeners.Where(one => one != told)];
            return listeners.Count == 0;
        }
    }
}

/// <summary>Disposing it does this.</summary>
internal sealed class Ending(Func<ValueTask> end) : IAsyncDisposable
{
    public ValueTask DisposeAsync() => end();
}
