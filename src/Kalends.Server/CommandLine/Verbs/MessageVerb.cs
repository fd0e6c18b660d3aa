using System.CommandLine;
using System.Text;
using Kalends.Messages;
using Kalends.Server.Http;
using Kalends.Storage;

namespace Kalends.Server.CommandLine.Verbs;

/// <summary>A message of the catalogue as a verb: its JSON from a file, standard input or an option; its answer on standard output.</summary>
internal sealed class MessageVerb
{
    private const long Whole = 100;

    private readonly Argument<string?> file = new("FILE")
    {
        Description = "A file with the message's JSON, or - for standard input; an empty message when neither this nor --json is given.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string?> json = new("--json") { Description = "The message's JSON itself." };
    private readonly Option<string> person = Configured.Named(new Option<string>("--as")
    {
        Description = $"Whose rights to act with, such as user:ana; {Desk.Itself} with every right when absent.",
    });

    private readonly Option<bool> admin = new("--admin") { Description = "With --as: act with kalends.admin as well." };
    private readonly Option<bool> dryRun = new("--dry-run") { Description = "Check and work out everything, keep nothing." };
    private readonly Option<string> tenant = Configured.TenantOption();
    private readonly Option<string?> store = Configured.StoreOption();

    private MessageVerb()
    {
    }

    public static Command Create(CatalogueEntry entry, Surroundings surroundings)
    {
        var options = new MessageVerb();
        var verb = new ExplainedCommand(entry.Name, entry.Summary) { IsCommand = entry.IsCommand, Example = MessageExamples.Of(entry) };
        verb.Add(options.file);
        foreach (var option in new Option[] { options.json, options.person, options.admin, options.tenant, options.store })
        {
            verb.Add(option);
        }

        if (entry.IsCommand)
        {
            verb.Add(options.dryRun);
        }

        verb.SetAction((parsed, stopped) => options.Run(entry, parsed, surroundings, stopped));
        return verb;
    }

    private async Task<int> Run(CatalogueEntry entry, ParseResult parsed, Surroundings surroundings, CancellationToken stopped)
    {
        var message = await Read(parsed, surroundings, stopped);
        await using var opened = await Open(entry, parsed, stopped);
        var settings = KalendsSettings.From(Configured.Read(parsed.GetValue(store)).Root);
        var desk = new Desk(opened, Desk.CallerOf(parsed.GetRequiredValue(tenant), parsed.GetValue(person), parsed.GetValue(admin)), surroundings, settings);
        var reply = await ProgressOf.Run(surroundings, entry.Name, Whole, advance => desk.Run(
            entry, message, new() { DryRun = entry.IsCommand && parsed.GetValue(dryRun), Progress = InHundredths(advance) }, stopped).AsTask());
        if (reply.Refusal is { } refusal)
        {
            await surroundings.Error.WriteLineAsync(Desk.Problem(refusal));
            return ExitCodes.Failed;
        }

        await surroundings.Out.WriteLineAsync(Desk.Answer(reply));
        return ExitCodes.Done;
    }

    /// <summary>What is left may grow or shrink on the way, so progress is told as a share and never goes back.</summary>
    private static Action<long, long> InHundredths(Action<long> advance)
    {
        var told = 0L;
        return (done, left) =>
        {
            var share = Math.Max(told, done * Whole / Math.Max(1, done + left));
            advance(share - told);
            told = share;
        };
    }

    private async Task<IStore> Open(CatalogueEntry entry, ParseResult parsed, CancellationToken stopped)
    {
        var configured = Configured.Read(parsed.GetValue(store));
        return entry.IsCommand ? await configured.OpenForWriting(stopped) : configured.OpenForReading();
    }

    private async Task<byte[]> Read(ParseResult parsed, Surroundings surroundings, CancellationToken stopped)
    {
        var (named, given) = (parsed.GetValue(file), parsed.GetValue(json));
        if (named is not null && given is not null)
        {
            throw new SettingsException("give the message either as FILE or with --json, not both");
        }

        if (named != "-")
        {
            return named is null ? Encoding.UTF8.GetBytes(given ?? "{}") : await File.ReadAllBytesAsync(named, stopped);
        }

        using var content = new MemoryStream();
        await using var input = surroundings.In();
        await input.CopyToAsync(content, stopped);
        return content.ToArray();
    }
}
