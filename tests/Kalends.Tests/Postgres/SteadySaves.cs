using System.Collections.Concurrent;
using System.Diagnostics;
using Kalends.Messages;
using Kalends.Permissions;
using Kalends.Storage.Postgres;
using Kalends.Tests.Conversations;
using NodaTime;

namespace Kalends.Tests.Postgres;

/// <summary>
/// Writers that save one appointment after the other, over several stores, while something else is done to the database; each save's answer and how
/// long it took are kept.
/// </summary>
internal sealed class SteadySaves(IReadOnlyList<PostgresStore> stores, IClock clock)
{
    private const int Writers = 8;

    private readonly Dispatcher[] processes = [.. stores.Select(store => new Dispatcher(store, new RelationPermissions(), clock))];
    private readonly ConcurrentBag<(Reply Reply, TimeSpan Took)> saves = [];

    public IEnumerable<Reply> Replies => saves.Select(save => save.Reply);

    public TimeSpan Longest => saves.Max(save => save.Took);

    /// <summary>Saves until the work is done and for some saves after it.</summary>
    public async Task During(Func<Task> work, CancellationToken stopped)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stopped);
        var writing = Enumerable.Range(0, Writers).Select(writer => Task.Run(() => Write(writer, over.Token), stopped)).ToList();
        try
        {
            await Until(saves.Count + 50, stopped);
            await work();
            await Until(saves.Count + 50, stopped);
        }
        finally
        {
            await over.CancelAsync();
            await Task.WhenAll(writing);
        }
    }

    private async Task Until(int count, CancellationToken stopped)
    {
        for (var look = 0; saves.Count < count; look++)
        {
            Assert.True(look < 6_000, "the writers stand still");
            await Task.Delay(10, stopped);
        }
    }

    private async Task Write(int writer, CancellationToken over)
    {
        var save = System.Text.Encoding.UTF8.GetBytes($$"""
            {"appointments":[{"title":"{{writer}}","start":"2026-11-23T09:00:00","timeZone":"UTC","duration":"PT1H",
             "attendees":[{"calendar":"user:all"},{"calendar":"user:u{{writer}}"}]}]}
            """);
        while (!over.IsCancellationRequested)
        {
            var began = Stopwatch.GetTimestamp();
            var entry = Catalogue.Entries.Single(entry => entry.Name == "save-appointments");
            var reply = await entry.Run(processes[writer % processes.Length], save, Desk.As($"user:u{writer}"), new(), CancellationToken.None);
            saves.Add((reply, Stopwatch.GetElapsedTime(began)));
        }
    }
}
