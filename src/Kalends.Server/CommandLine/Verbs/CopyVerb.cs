using System.CommandLine;
using System.CommandLine.Parsing;
using Kalends.Server.Http;
using Kalends.Storage;
using Kalends.Storage.Copying;

namespace Kalends.Server.CommandLine.Verbs;

/// <summary>Copies a whole SQLite store into a PostgreSQL, and compares the two.</summary>
internal static class CopyVerb
{
    public static Command Create(Surroundings surroundings)
    {
        var from = Store("--from", "The SQLite store to copy: sqlite:FILE, or as --store takes it. It is read and never written to.");
        var to = Store(
            "--to", "The PostgreSQL to copy into: postgres:Host=NAME;Database=NAME;Username=NAME, or as --store takes it. It must hold no calendars yet.");
        var startOver = new Option<bool>("--start-over") { Description = "Throws away what a copy that did not end has left in the target, and begins anew." };
        var verifyOnly = new Option<bool>("--verify-only") { Description = "Copies nothing; compares what both stores hold." };
        var verb = new ExplainedCommand("copy", "Moves a whole store from SQLite to PostgreSQL; begun again, it goes on where it was")
        {
            Example = "createdb kalends\n"
                + "kalends copy --from sqlite:data/kalends.db --to 'postgres:Host=localhost;Database=kalends;Username=kalends'\n"
                + "kalends verify --store 'Host=localhost;Database=kalends;Username=kalends'",
        };
        foreach (var option in new Option[] { from, to, startOver, verifyOnly })
        {
            verb.Add(option);
        }

        verb.Validators.Add(result => Check(result, from, to));
        verb.Validators.Add(result =>
        {
            if (result.GetValue(startOver) && result.GetValue(verifyOnly))
            {
                result.AddError("--start-over and --verify-only exclude each other");
            }
        });
        verb.SetAction((parsed, stopped) => Run(
            StoreChoice.Of(parsed.GetRequiredValue(from)), StoreChoice.Of(parsed.GetRequiredValue(to)),
            parsed.GetValue(startOver), parsed.GetValue(verifyOnly), surroundings, stopped));
        return verb;
    }

    private static Option<string> Store(string name, string description) => new(name) { Description = description, Required = true, HelpName = "STORE" };

    /// <summary>Which directions there are. The others have better tools: a file or a database is copied as it is by its own.</summary>
    private static void Check(CommandResult result, Option<string> from, Option<string> to)
    {
        if (Understood(result, from) is { } source && source.File is null)
        {
            result.AddError("--from must be an SQLite store; a PostgreSQL is copied to another with pg_dump and pg_restore, and not back to a file");
        }

        if (Understood(result, to) is { File: { } file })
        {
            result.AddError($"--to must be a PostgreSQL; an SQLite store is copied to another file with: sqlite3 STORE \".backup '{file}'\"");
        }
    }

    /// <summary>Null where it is missing, which is said elsewhere, or means no store, which is said here.</summary>
    private static StoreChoice? Understood(CommandResult result, Option<string> option)
    {
        if (result.GetResult(option)?.Tokens is not [{ Value: var given }])
        {
            return null;
        }

        try
        {
            return StoreChoice.Of(given);
        }
        catch (Exception fault) when (fault is ArgumentException or FormatException)
        {
            result.AddError($"{option.Name} cannot be understood ({fault.Message}); use sqlite:FILE or postgres:Host=NAME;Database=NAME");
            return null;
        }
    }

    private static async Task<int> Run(
        StoreChoice from, StoreChoice to, bool startOver, bool verifyOnly, Surroundings surroundings, CancellationToken stopped)
    {
        if (!File.Exists(from.File))
        {
            throw new SettingsException($"there is no store at {from.File}; name another with --from");
        }

        await using var copy = await StoreCopy.Open(from, to, stopped);
        var run = new CopyRun(copy, to.Place, surroundings);
        return await (verifyOnly ? run.Compare(stopped) : run.Copy(startOver, stopped)) is { } refusal
            ? await Refused(surroundings, refusal)
            : ExitCodes.Done;
    }

    private static async Task<int> Refused(Surroundings surroundings, string sentence)
    {
        await surroundings.Error.WriteLineAsync("kalends: " + sentence);
        return ExitCodes.Failed;
    }
}
