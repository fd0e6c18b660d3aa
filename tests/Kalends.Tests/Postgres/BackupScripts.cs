using Kalends.Tests.Rules;

namespace Kalends.Tests.Postgres;

/// <summary>The scripts of <c>deploy/postgres</c>, run by the user that PostgreSQL runs as, on a cluster that archives its log by them.</summary>
internal sealed class BackupScripts(ClusterGroup group)
{
    public const string Primary = "primary";

    public string Backups => $"{group.Folder}/backups";

    public IEnumerable<string> Bases => Directory.GetDirectories($"{Backups}/base").Order(StringComparer.Ordinal);

    public IEnumerable<string> Log => Directory.GetFiles($"{Backups}/wal").Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal);

    /// <summary>Copied, for the checkout may be readable by nobody else; and a cluster with an archive.</summary>
    public async Task Begin()
    {
        foreach (var script in Directory.GetFiles(Path.Combine(SourceTree.Root, "deploy", "postgres")))
        {
            File.Copy(script, Path.Combine(group.Folder, Path.GetFileName(script)));
        }

        Assert.Equal(0, (await group.Run($"mkdir -p {Backups}/base {Backups}/wal")).Code);
        await group.Make(Primary);
        await Start();
        await group.Execute(Primary, $"""ALTER SYSTEM SET archive_command = '{group.Folder}/archive-wal "%p" "%f" {Backups}'""");
        await group.Execute(Primary, "SELECT pg_reload_conf()");
    }

    public Task Start() => group.Start(Primary, "archive_mode=on");

    public Task<(int Code, string Said)> Backup(string options = "") =>
        Run($"backup {Backups} -d 'host=127.0.0.1 port={group.Port(Primary)} user=kalends' {options}");

    public Task<(int Code, string Said)> Restore(string name, string options = "") => Run($"restore {Backups} {group.Folder}/{name} {options}");

    public async Task<(int Code, string Said)> Run(string commandLine) => await group.Run($"{group.Folder}/{commandLine}");

    /// <summary>Sends off the log as far as it is written, and waits until it lies in the archive.</summary>
    public async Task SendLog()
    {
        var last = (string)(await group.Execute(Primary, "SELECT pg_walfile_name(pg_switch_wal())"))!;
        for (var attempt = 0; !File.Exists($"{Backups}/wal/{last}"); attempt++)
        {
            Assert.True(attempt < 1_200, $"{last} does not arrive");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }
}
