using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Kalends.Messages;
using Kalends.Permissions;
using Kalends.Storage;
using Kalends.Storage.Postgres;
using Kalends.Tests.Conversations;
using NodaTime;
using static Kalends.Tests.Postgres.ReplicaDesk;

namespace Kalends.Tests.Postgres;

/// <summary>The backup and restore guide (docs/operations.md), done for real: base backup under load, log archived, restored to the end and to a moment.</summary>
public sealed class BackupTests : IAsyncLifetime
{
    private ClusterGroup group = null!;
    private BackupScripts scripts = null!;

    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        group = await ClusterGroup.Open();
        scripts = new(group);
        await scripts.Begin();
    }

    public async ValueTask DisposeAsync() => await group.DisposeAsync();

    [Fact]
    public async Task What_was_acknowledged_before_the_moment_is_restored_and_nothing_after_it()
    {
        await group.Execute(BackupScripts.Primary, "CREATE DATABASE kalends TEMPLATE template0");
        var saves = new ConcurrentBag<(string Id, Instant Asked, Instant Answered)>();
        Carried before, after;
        Instant moment;
        await using (var store = new PostgresStore(group.ConnectionString(BackupScripts.Primary, "kalends")))
        {
            await store.Migrate(Stopped);
            using var over = CancellationTokenSource.CreateLinkedTokenSource(Stopped);
            var writing = Enumerable.Range(0, 4).Select(writer => Task.Run(() => Save(On(store), $"user:w{writer}", saves, over.Token), Stopped)).ToList();
            await Until(saves, 200);
            var backup = await scripts.Backup();
            Assert.True(backup.Code == 0, backup.Said);
            await Until(saves, saves.Count + 200);
            before = await Carry(On(store), 1);
            // When a backup was finished is known to the second: one from the very second of the moment is not surely from before it.
            await Task.Delay(1_000, Stopped);
            await Until(saves, saves.Count + 50);
            moment = Now();
            await Until(saves, saves.Count + 200);
            after = await Carry(On(store), 2);
            await Until(saves, saves.Count + 50);
            await over.CancelAsync();
            await Task.WhenAll(writing);
        }

        // The machine goes down with the last of the log not sent off; its disk can still be read.
        await group.Kill(BackupScripts.Primary);
        Assert.Equal(0, (await group.Run($"cp -n {group.Folder}/{BackupScripts.Primary}/pg_wal/???????????????????????? {scripts.Backups}/wal/")).Code);

        await using (var end = await Restored("end", ""))
        {
            Assert.Equal(saves.Select(save => save.Id).Append(before.Saved).Append(after.Saved).Order(), await Ids(end));
        }

        await using (var then = await Restored("then", $"--until '{moment.ToString("uuuu-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture)}'"))
        {
            var there = await Ids(then);
            Assert.Empty(saves.Where(save => save.Answered < moment).Select(save => save.Id).Append(before.Saved).Except(there));
            Assert.Empty(saves.Where(save => save.Asked > moment).Select(save => save.Id).Append(after.Saved).Intersect(there));
            await ClientsAreTold(On(then), before, after);
            await then.MarkRestored(Stopped);
        }

        await using var marked = new PostgresStore(group.ConnectionString("then", "kalends"));
        Refused(RefusalCode.SyncTokenExpired, "synchronise again without a token", await Run(On(marked), "get-changes", before.Token));
        Refused(RefusalCode.CursorExpired, "ask the query again without a cursor", await Run(On(marked), "get-calendars", before.Cursor));
        Assert.Null((await Run(On(marked), "save-appointments", $$"""{"appointments":[{{At(3, 9)}}]}""")).Refusal);
    }

    [Fact]
    public async Task Of_old_backups_as_many_are_kept_as_was_said_with_the_log_that_they_need()
    {
        await group.Execute(BackupScripts.Primary, "CREATE DATABASE kalends TEMPLATE template0");
        await using (var store = new PostgresStore(group.ConnectionString(BackupScripts.Primary, "kalends")))
        {
            await store.Migrate(Stopped);
            for (var round = 1; round <= 3; round++)
            {
                Assert.Null((await Run(On(store), "save-appointments", $$"""{"appointments":[{{At(round, 9)}}]}""")).Refusal);
                var backup = await scripts.Backup("--keep 2");
                Assert.True(backup.Code == 0, backup.Said);
                await Task.Delay(1_100, Stopped);
            }

            Assert.Null((await Run(On(store), "save-appointments", $$"""{"appointments":[{{At(4, 9)}}]}""")).Refusal);
        }

        await scripts.SendLog();
        Assert.Equal(2, scripts.Bases.Count());
        Assert.DoesNotContain("000000010000000000000001", scripts.Log);
        await group.Kill(BackupScripts.Primary);
        foreach (var one in scripts.Bases)
        {
            await using var restored = await Restored("from-" + Path.GetFileName(one).ToLowerInvariant(), "--base " + Path.GetFileName(one));
            Assert.Equal(4, (await Ids(restored)).Count);
        }
    }

    [Fact]
    public async Task A_restored_cluster_is_backed_up_and_restored_again_and_replicas_are_made_from_it()
    {
        await group.Execute(BackupScripts.Primary, "CREATE TABLE kept AS SELECT 1 AS number");
        Assert.Equal(0, (await scripts.Backup()).Code);
        await Task.Delay(1_100, Stopped);
        var moment = Now();
        await group.Execute(BackupScripts.Primary, "INSERT INTO kept VALUES (2)");
        await scripts.SendLog();
        await group.Kill(BackupScripts.Primary);
        var restored = await scripts.Restore("second", $"--until {moment.ToString("uuuu-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture)}");
        Assert.True(restored.Code == 0, restored.Said);

        await group.Start("second", "archive_mode=on");
        await group.Execute("second", "INSERT INTO kept VALUES (3)");
        await group.Copy("replica", of: "second");
        await group.Start("replica");
        Assert.Equal("1,3", await group.Execute("replica", "SELECT string_agg(number::text, ',' ORDER BY number) FROM kept"));
        Assert.Equal(true, await group.Execute("replica", "SELECT pg_is_in_recovery()"));

        // From the first base backup on, over both histories: the one that goes on is taken, unless the other is named.
        await group.Execute("second", "SELECT pg_switch_wal()");
        await UntilArchived("second");
        await group.Kill("second");
        foreach (var (name, options, numbers) in new[] { ("third", "", "1,3"), ("fourth", "--timeline 1", "1,2") })
        {
            var again = await scripts.Restore(name, options);
            Assert.True(again.Code == 0, again.Said);
            await group.Start(name);
            Assert.Equal(numbers, await group.Execute(name, "SELECT string_agg(number::text, ',' ORDER BY number) FROM kept"));
        }
    }

    [Fact]
    public async Task What_cannot_be_backed_up_or_restored_is_refused_with_the_reason_and_nothing_is_left_behind()
    {
        await Says(2, "usage: backup", "backup");
        await Says(2, "usage: backup", $"backup {scripts.Backups} --keep");
        await Says(2, "take a number from 1", $"backup {scripts.Backups} --keep none");
        await Says(1, "is its disk mounted?", $"backup {group.Folder}/nowhere");
        await Says(1, "the base backup was not taken", $"backup {scripts.Backups} -d 'host=127.0.0.1 port=1'");
        await Says(2, "usage: restore", "restore");
        await Says(1, "holds no backups", $"restore {group.Folder}/nowhere {group.Folder}/new");
        await Says(1, "there is no base backup in", $"restore {scripts.Backups} {group.Folder}/new");
        await Says(2, "usage: archive-wal", "archive-wal one two");

        await group.Execute(BackupScripts.Primary, "ALTER SYSTEM SET archive_command = 'false'");
        await group.Execute(BackupScripts.Primary, "SELECT pg_reload_conf()");
        var unarchived = await scripts.Backup("--wait 2");
        Assert.Equal(1, unarchived.Code);
        Assert.Contains("the log has not arrived", unarchived.Said, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries($"{scripts.Backups}/base"));
        await group.Execute(BackupScripts.Primary, "ALTER SYSTEM RESET archive_command");

        await group.Execute(BackupScripts.Primary, $"""ALTER SYSTEM SET archive_command = '{group.Folder}/archive-wal "%p" "%f" {scripts.Backups}'""");
        await group.Execute(BackupScripts.Primary, "SELECT pg_reload_conf()");
        Assert.Equal(0, (await scripts.Backup()).Code);
        await Says(1, "is not empty", $"restore {scripts.Backups} {group.Folder}/{BackupScripts.Primary}");
        await Says(1, "there is no base backup from before 2020-01-01T00:00:00Z", $"restore {scripts.Backups} {group.Folder}/new --until 2020-01-01T00:00:00Z");
        await Says(1, "--until needs a time of day and its zone", $"restore {scripts.Backups} {group.Folder}/new --until 2026-11-24");
        await Says(1, "--until needs its zone", $"restore {scripts.Backups} {group.Folder}/new --until 2026-11-24T12:00:00");
        await Says(1, "cannot be read as a moment", $"restore {scripts.Backups} {group.Folder}/new --until '2026-13-24 12:00Z'");
        await Says(1, "is no base backup", $"restore {scripts.Backups} {group.Folder}/new --base 20200101T000000Z");
        Assert.False(Directory.Exists($"{group.Folder}/new"));
        await Says(1, "or nothing was committed after it", $"restore {scripts.Backups} {group.Folder}/late --until 2999-01-01T00:00:00Z");

        var archived = scripts.Log.First(name => name.Length == 24);
        await Says(0, "", $"archive-wal {scripts.Backups}/wal/{archived} {archived} {scripts.Backups}");
        await Says(1, "is there and is not the same", $"archive-wal {group.Folder}/backup {archived} {scripts.Backups}");
        await Says(1, "is its disk mounted?", $"archive-wal {group.Folder}/backup {archived} {group.Folder}/nowhere");
        if (Environment.UserName == "root")
        {
            using var asRoot = Process.Start(new ProcessStartInfo($"{group.Folder}/restore", [scripts.Backups, $"{group.Folder}/new"]) { RedirectStandardError = true })!;
            Assert.Contains("PostgreSQL does not run as root", await asRoot.StandardError.ReadToEndAsync(Stopped), StringComparison.Ordinal);
        }
    }

    private async Task Says(int code, string sentence, string commandLine)
    {
        var (ended, said) = await scripts.Run(commandLine);
        Assert.True(ended == code && said.Contains(sentence, StringComparison.Ordinal), $"{commandLine} ended with {ended}: {said}");
    }

    /// <summary>Restores, starts what was restored, and sees that it is sound.</summary>
    private async Task<PostgresStore> Restored(string name, string options)
    {
        var (code, said) = await scripts.Restore(name, options);
        Assert.True(code == 0, said);
        Assert.Contains("kalends mark-restored", said, StringComparison.Ordinal);
        await group.Start(name);
        var store = new PostgresStore(group.ConnectionString(name, "kalends"));
        Assert.Empty(await store.FindBroken(Stopped).ToListAsync(Stopped));
        Assert.Empty(await Appointments.Verification.Run(store, "acme", Now(), stopped: Stopped).ToListAsync(Stopped));
        return store;
    }

    private static async Task<IReadOnlyList<string>> Ids(PostgresStore store)
    {
        await using var session = await store.Read("acme", Stopped);
        var rows = await session.Rows<Appointments.IAppointmentRows>().Page(null, 100_000);
        return [.. rows.Select(row => row.Id.ToString()).Order()];
    }

    private static async Task ClientsAreTold(Dispatcher restored, Carried before, Carried after)
    {
        Assert.Null((await Run(restored, "get-changes", before.Token)).Refusal);
        Assert.Null((await Run(restored, "get-calendars", before.Cursor)).Refusal);
        Assert.Null((await Run(restored, "get-calendars", "{}", before.Position)).Refusal);
        Refused(RefusalCode.SyncTokenExpired, "synchronise again without a token", await Run(restored, "get-changes", after.Token));
        Refused(RefusalCode.CursorExpired, "ask the query again without a cursor", await Run(restored, "get-calendars", after.Cursor));
        Refused(RefusalCode.Invalid, "Kalends-Position names what this store has not come to", await Run(restored, "get-calendars", "{}", after.Position));
    }

    private static void Refused(RefusalCode code, string sentence, Reply reply)
    {
        Assert.Equal(code, reply.Refusal?.Code);
        Assert.Contains(sentence, reply.Refusal!.Detail, StringComparison.Ordinal);
    }

    private static Dispatcher On(PostgresStore store) => new(store, new RelationPermissions(), SystemClock.Instance);

    private static Instant Now() => SystemClock.Instance.GetCurrentInstant();

    /// <summary>One save after the other, each noted when it is answered.</summary>
    private static async Task Save(Dispatcher on, string person, ConcurrentBag<(string Id, Instant Asked, Instant Answered)> saves, CancellationToken over)
    {
        for (var number = 0; number < 100_000 && !over.IsCancellationRequested; number++)
        {
            var asked = Now();
            var reply = await Catalogue.Entries.Single(entry => entry.Name == "save-appointments").Run(
                on, System.Text.Encoding.UTF8.GetBytes($$"""{"appointments":[{{At(1 + (number % 28), number % 23)}}]}"""), Desk.As(person), new(), CancellationToken.None);
            Assert.Null(reply.Refusal);
            saves.Add((((Appointments.SavedAppointments)reply.Result!).Saved[0].Id.ToString(), asked, Now()));
        }
    }

    private static async Task Until(ConcurrentBag<(string Id, Instant Asked, Instant Answered)> saves, int number)
    {
        for (var attempt = 0; saves.Count < number; attempt++)
        {
            Assert.True(attempt < 3_000, $"{saves.Count} saves");
            await Task.Delay(20, Stopped);
        }
    }

    private async Task UntilArchived(string name)
    {
        for (var attempt = 0; await group.Execute(name, "SELECT 1 FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready'") is not null; attempt++)
        {
            Assert.True(attempt < 1_200, "the log does not arrive");
            await Task.Delay(50, Stopped);
        }
    }

    /// <summary>A save, and what a client has from then on: queries with a sync token and with a cursor, and the position.</summary>
    private static async Task<Carried> Carry(Dispatcher on, int day)
    {
        var saved = await Run(on, "save-appointments", $$"""
            {"appointments":[{{At(day, 9, ""","attendees":[{"calendar":"user:ana"},{"calendar":"user:ben"}]""")}}]}
            """);
        var changes = (Appointments.Changes)(await Run(on, "get-changes", """{"calendar":"user:ana","limit":1000}""")).Result!;
        var calendars = (Calendars.GetCalendarsResult)(await Run(on, "get-calendars", """{"limit":1}""")).Result!;
        return new(
            ((Appointments.SavedAppointments)saved.Result!).Saved[0].Id.ToString(), $$"""{"calendar":"user:ana","since":"{{changes.Token}}"}""",
            $$"""{"limit":1,"cursor":"{{calendars.Cursor}}"}""", saved.Position!.Value);
    }

    private sealed record Carried(string Saved, string Token, string Cursor, Position Position);
}
