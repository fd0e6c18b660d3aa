using Kalends.Appointments;
using Kalends.Storage;
using Kalends.Storage.Sqlite;
using Microsoft.Data.Sqlite;
using static Kalends.Tests.Storage.Examples;

namespace Kalends.Tests.Storage;

/// <summary>
/// Several processes on one file (each a store of its own here), and files that are not what they should be. Alone, since turns between
/// processes are a matter of milliseconds, and here they share one pool of threads.
/// </summary>
[Collection(nameof(Alone))]
public sealed class SqliteProcessesTests : IDisposable
{
    private readonly TemporaryFile file = new();

    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    public void Dispose() => file.Dispose();

    [Fact]
    public async Task Processes_that_start_at_once_migrate_once()
    {
        var stores = Enumerable.Range(0, 4).Select(_ => new SqliteStore(file.ConnectionString)).ToList();
        var ran = await Task.WhenAll(stores.Select(store => Task.Run(async () => await store.Migrate(Stopped))));
        Assert.Single(ran, scripts => scripts.Count > 0);
        foreach (var store in stores)
        {
            Assert.True(await store.IsReady(Stopped));
            await store.DisposeAsync();
        }
    }

    [Fact]
    public async Task Two_processes_share_the_writing_and_lose_nothing()
    {
        await using var first = await Migrated();
        await using var second = new SqliteStore(file.ConnectionString);
        // Many times longer than one may write without leaving a gap for the other.
        var done = await Task.WhenAll(Enumerable.Range(0, 4_000).Select(number => Task.Run(async () =>
        {
            await CreateOne(number % 2 == 0 ? first : second, number);
            return (Process: number % 2, At: System.Diagnostics.Stopwatch.GetTimestamp());
        })));

        // Fair: when half of all is done, neither has had to wait for the other to finish.
        var firstHalf = done.OrderBy(one => one.At).Take(2_000).Count(one => one.Process == 0);
        Assert.InRange(firstHalf, 100, 1_900);
        await using var session = await second.Read("acme", Stopped);
        Assert.Equal(4_000, await session.Rows<IAppointmentRows>().Count());
        Assert.Empty(await first.FindBroken(Stopped).ToListAsync(Stopped));
    }

    [Fact]
    public async Task A_writer_waits_while_another_process_writes()
    {
        await using var store = await Migrated();
        await using var other = new SqliteStore(file.ConnectionString);
        var busy = await other.Write("acme", Stopped);
        var waiting = CreateOne(store, 1);
        Assert.NotSame(waiting, await Task.WhenAny(waiting, Task.Delay(200, Stopped)));
        await busy.DisposeAsync();
        await waiting;
    }

    [Fact]
    public async Task A_process_killed_in_a_transaction_leaves_nothing_of_it()
    {
        await using var store = await Migrated();
        await CreateOne(store, 1);
        using var image = new TemporaryFile();
        await using (var session = await store.Write("acme", Stopped))
        {
            // More than the writer's 16 MB of pages, so that a part already stands in the log.
            var ana = await session.Key(Ana);
            foreach (var number in Enumerable.Range(2, 3_000))
            {
                var booking = Booking(number, ana, 0, Hour);
                await session.Create(booking with { Appointment = booking.Appointment with { Title = new('x', 8_000) } });
            }

            Assert.True(new FileInfo(file.Path + "-wal").Length > 1_000_000);
            CopyTo(image);
        }

        await using var after = new SqliteStore(image.ConnectionString);
        await using var reading = await after.Read("acme", Stopped);
        Assert.Equal(Id(1), Assert.Single(await reading.Rows<IAppointmentRows>().Page(null, 10)).Id);
        Assert.Empty(await after.FindBroken(Stopped).ToListAsync(Stopped));
        await CreateOne(after, 2);
    }

    [Fact]
    public async Task A_file_of_a_newer_program_is_refused()
    {
        await using (await Migrated())
        {
            Execute("INSERT INTO schema_migration (ScriptName, Applied) VALUES ('9999_tomorrow.sql', '2030-01-01')");
        }

        await using var store = new SqliteStore(file.ConnectionString);
        Assert.False(await store.IsReady(Stopped));
        foreach (var attempt in new Func<Task>[]
        {
            async () => await store.Migrate(Stopped), async () => await store.Read("acme", Stopped), async () => await store.Write("acme", Stopped),
        })
        {
            var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(attempt);
            Assert.Contains("written by a newer Kalends", refusal.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_file_that_is_missing_empty_or_something_else_is_unavailable_and_says_what_to_do()
    {
        await using var store = new SqliteStore(file.ConnectionString);
        Assert.False(await store.IsReady(Stopped));
        Assert.Contains("cannot be opened", (await Refused(store)).Message, StringComparison.Ordinal);
        Directory.CreateDirectory(Path.GetDirectoryName(file.Path)!);
        await File.WriteAllTextAsync(file.Path, "", Stopped);
        Assert.Contains("kalends migrate", (await Refused(store)).Message, StringComparison.Ordinal);
        await File.WriteAllTextAsync(file.Path, new string('x', 5_000), Stopped);
        Assert.Contains("not an SQLite database", (await Refused(store)).Message, StringComparison.Ordinal);
        Assert.False(await store.IsReady(Stopped));
    }

    [Fact]
    public async Task The_file_remembers_which_zone_rules_its_spans_were_made_with()
    {
        await using var store = await Migrated();
        Assert.Equal(Time.Zones.Release, Execute("SELECT value FROM meta WHERE name = 'time-zones'"));
    }

    [Fact]
    public void A_store_in_memory_is_refused_since_its_readers_would_see_nothing() =>
        Assert.Throws<ArgumentException>(() => new SqliteStore("Data Source=:memory:"));

    private static async Task<StoreUnavailableException> Refused(SqliteStore store) =>
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await store.Read("acme", Stopped));

    private async Task<SqliteStore> Migrated()
    {
        var store = new SqliteStore(file.ConnectionString);
        await store.Migrate(Stopped);
        return store;
    }

    private static async Task CreateOne(SqliteStore store, int number)
    {
        await using var session = await store.Write("acme", Stopped);
        await session.Create(Booking(number, await session.Key(Ana), number * Hour, (number + 1) * Hour));
        await session.Commit(Stopped);
    }

    private void CopyTo(TemporaryFile image)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(image.Path)!);
        File.Copy(file.Path, image.Path);
        File.Copy(file.Path + "-wal", image.Path + "-wal");
    }

    private object? Execute(string sql)
    {
        using var connection = new SqliteConnection($"{file.ConnectionString};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }
}
