using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Kalends.Server.CommandLine;

/// <summary>
/// Help that teaches: the root lists the verbs by what they are for, with the first steps; a verb shows its usage and options and then an
/// example to copy.
/// </summary>
internal sealed class TeachingHelp(HelpAction usual) : SynchronousCommandLineAction
{
    private static readonly string[] House = ["serve", "work", "queue", "migrate", "token", "config", "reindex", "mark-restored", "trim-trail"];
    private static readonly string[] Data = ["import", "export", "seed", "verify", "copy", "rezone", "expand", "export-events"];

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        var output = parseResult.InvocationConfiguration.Output;
        var verb = parseResult.CommandResult.Command;
        if (verb is RootCommand root)
        {
            WriteRoot(root, output);
            return ExitCodes.Done;
        }

        WriteUsual(parseResult, output);
        if (verb is ExplainedCommand { Example: { } example })
        {
            output.WriteLine("Example:");
            foreach (var line in example.Split('\n'))
            {
                output.WriteLine("  " + line.TrimEnd());
            }

            output.WriteLine();
        }

        return ExitCodes.Done;
    }

    /// <summary>The library's help names the file that runs; people type the program's name.</summary>
    private void WriteUsual(ParseResult parseResult, TextWriter output)
    {
        using var text = new StringWriter();
        parseResult.InvocationConfiguration.Output = text;
        usual.Invoke(parseResult);
        parseResult.InvocationConfiguration.Output = output;
        output.Write(text.ToString().Replace(parseResult.RootCommandResult.Command.Name + " ", "kalends ", StringComparison.Ordinal));
    }

    public static void WriteRoot(RootCommand root, TextWriter output)
    {
        output.WriteLine(root.Description);
        output.WriteLine();
        output.WriteLine("Usage: kalends VERB [OPTIONS]        kalends VERB --help shows each verb's options and an example");
        output.WriteLine("""

            First steps:
              export ASPNETCORE_ENVIRONMENT=Development
              kalends seed --people 25 --days 28 --tenant demo
              kalends find-openings --help
              kalends serve & curl -H "Authorization: Bearer $(kalends token --tenant demo --subject user:ana --app web)" ...
            """);
        Group(root, output, "Running the service", verb => House.Contains(verb.Name));
        Group(root, output, "Calendars in and out", verb => Data.Contains(verb.Name));
        const string Commands = "Messages: commands (change something; --dry-run works all out and keeps nothing)";
        Group(root, output, Commands, verb => verb is ExplainedCommand { IsCommand: true });
        Group(root, output, "Messages: queries", verb => verb is ExplainedCommand { IsCommand: false });
        output.WriteLine("""

            A message takes the same JSON as over HTTP: from a FILE, from standard input with -, or with --json.
            Exit codes: 0 done; 1 refused or failed, with a message on standard error; 2 bad usage.
            Settings: appsettings.json, then the environment (Kalends__...), then options; kalends config shows what is in force.
            """);
    }

    private static void Group(RootCommand root, TextWriter output, string title, Func<Command, bool> belongs)
    {
        var verbs = root.Subcommands.Where(belongs).ToList();
        if (verbs.Count == 0)
        {
            return;
        }

        output.WriteLine();
        output.WriteLine(title + ":");
        foreach (var verb in verbs)
        {
            output.WriteLine($"  {verb.Name,-26} {verb.Description?.Split('\n')[0]}");
        }
    }
}

/// <summary>A verb with an example; <see cref="IsCommand"/> is null where it is no message of the catalogue.</summary>
internal sealed class ExplainedCommand(string name, string description) : Command(name, description)
{
    public string? Example { get; init; }

    public bool? IsCommand { get; init; }
}
