using System.CommandLine;
using System.Globalization;
using Kalends.Server.Http;

namespace Kalends.Server.CommandLine.Verbs;

/// <summary>Works on the queues until told to stop, and serves nobody.</summary>
internal static class WorkVerb
{
    public const string Name = "work";

    /// <summary>There is nothing else to be seen of it.</summary>
    private const string SaysWhatItDoes = "--Logging:LogLevel:Kalends.Server.Workers=Debug";

    private const string Setting = "Kalends:Queue:Workers";

    public static Command Create(Surroundings surroundings)
    {
        var (store, set, workers) = (Configured.StoreOption(), Configured.SetOption(), WorkersOption());
        var verb = new ExplainedCommand(Name, "Works on the queues without serving HTTP; SIGTERM ends what is in hand first")
        {
            Example = "kalends work --workers 8 --store 'Host=localhost;Database=kalends;Username=kalends'",
        };
        verb.Add(workers);
        verb.Add(store);
        verb.Add(set);
        verb.SetAction((parsed, stopped) =>
        {
            var flags = Flags(parsed.GetValue(set), parsed.GetValue(workers));
            return Work(Configured.Read(parsed.GetValue(store), flags), flags, surroundings, stopped);
        });
        return verb;
    }

    public static Option<int?> WorkersOption()
    {
        var option = new Option<int?>("--workers")
        {
            Description = $"Messages of each queue to work on at once, 0 to {QueueSettings.MostWorkers}; 0: none. In place of {Setting}.", HelpName = "N",
        };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() is < 0 or > QueueSettings.MostWorkers)
            {
                result.AddError($"--workers takes a number from 0 to {QueueSettings.MostWorkers}");
            }
        });
        return option;
    }

    /// <summary>The settings of this run with the one that has an option of its own.</summary>
    public static string[] Flags(string[]? set, int? workers) =>
        workers is { } number ? [.. set ?? [], string.Create(CultureInfo.InvariantCulture, $"{Setting}={number}")] : set ?? [];

    private static async Task<int> Work(Configured configured, string[] set, Surroundings surroundings, CancellationToken stopped)
    {
        await using var store = configured.OpenForServing();
        using var host = KalendsHost.BuildWorkers([SaysWhatItDoes, .. set.Select(flag => "--" + flag)], new() { Store = store, Clock = surroundings.Clock });
        if (configured.Choice.File is not null)
        {
            await store.Migrate(stopped);
        }

        await host.RunAsync(stopped);
        return ExitCodes.Done;
    }
}
