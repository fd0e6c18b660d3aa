using System.CommandLine;
using System.CommandLine.Help;
using Kalends.Server.CommandLine.Verbs;
using Kalends.Server.Http;
using Kalends.Storage;
using System.Data.Common;

namespace Kalends.Server.CommandLine;

/// <summary>
/// The program's command line: every verb, its help, and how it ends. 0 done; 1 refused or failed, with a message on standard error;
/// 2 bad usage. Every message of the catalogue is a verb with no further code.
/// </summary>
public static class KalendsCommandLine
{
    public static async Task<int> Run(string[] arguments, Surroundings surroundings)
    {
        var root = Build(surroundings);
        var parsed = root.Parse(arguments);
        if (parsed.Errors.Count > 0)
        {
            return await SayBadUsage(parsed, surroundings);
        }

        try
        {
            if (parsed.Action is not TeachingHelp)
            {
                ZoneDatabase.Choose(Configured.Early(parsed));
            }

            return await parsed.InvokeAsync(new()
            {
                Output = surroundings.Out,
                Error = surroundings.Error,
                EnableDefaultExceptionHandler = false,

                // The hosts of serve and work hear the signals themselves and finish what is under way.
                ProcessTerminationTimeout = parsed.CommandResult.Command.Name is ServeVerb.Name or WorkVerb.Name ? null : TimeSpan.FromSeconds(2),
            });
        }
        catch (OperationCanceledException)
        {
            await surroundings.Error.WriteLineAsync("kalends: stopped");
            return ExitCodes.Failed;
        }
        catch (Exception fault) when (IsOfTheWorld(fault))
        {
            await surroundings.Error.WriteLineAsync($"kalends: {fault.Message}");
            return ExitCodes.Failed;
        }
    }

    private static RootCommand Build(Surroundings surroundings)
    {
        var root = new RootCommand("Kalends keeps everybody's appointments in one place and finds times that suit them all.");
        foreach (var verb in HouseVerbs(surroundings).Concat(Catalogue.Entries.Select(entry => MessageVerb.Create(entry, surroundings))))
        {
            root.Add(verb);
        }

        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new TeachingHelp((HelpAction)help.Action!);
        root.SetAction(_ =>
        {
            TeachingHelp.WriteRoot(root, surroundings.Error);
            return ExitCodes.BadUsage;
        });
        return root;
    }

    private static IEnumerable<Command> HouseVerbs(Surroundings surroundings) =>
    [
        ServeVerb.Create(surroundings), MigrateVerb.Create(surroundings), TokenVerb.Create(surroundings), ConfigVerb.Create(surroundings),
        ImportVerb.Create(surroundings), ExportVerb.Create(surroundings), SeedVerb.Create(surroundings), VerifyVerb.Create(surroundings),
        CopyVerb.Create(surroundings), RezoneVerb.Create(surroundings), ExpandVerb.Create(surroundings), MarkRestoredVerb.Create(surroundings),
        ReindexVerb.Create(surroundings), ExportEventsVerb.Create(surroundings), TrimTrailVerb.Create(surroundings),
        WorkVerb.Create(surroundings), QueueVerb.Create(surroundings), SchedulesVerb.Create(surroundings), MonitoringVerb.Create(surroundings),
        PushKeysVerb.Create(surroundings),
    ];

    private static async Task<int> SayBadUsage(ParseResult parsed, Surroundings surroundings)
    {
        foreach (var error in parsed.Errors)
        {
            await surroundings.Error.WriteLineAsync($"kalends: {error.Message}");
        }

        var verb = parsed.CommandResult.Command is RootCommand ? "" : parsed.CommandResult.Command.Name + " ";
        await surroundings.Error.WriteLineAsync($"Try: kalends {verb}--help");
        return ExitCodes.BadUsage;
    }

    /// <summary>What settings, files, the store or the network can do to us; anything else is a bug and shows its trace.</summary>
    private static bool IsOfTheWorld(Exception fault) =>
        fault is SettingsException or StoreUnavailableException or DbException or IOException or UnauthorizedAccessException;
}
