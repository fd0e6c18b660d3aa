using System.CommandLine;

namespace Kalends.Server.CommandLine.Verbs;

/// <summary>Rewrites what has become loose in the store, while it serves.</summary>
internal static class ReindexVerb
{
    public static Command Create(Surroundings surroundings)
    {
        var store = Configured.StoreOption();
        var verb = new ExplainedCommand("reindex", "Rewrites indexes that have become half empty, while others read and write (PostgreSQL)")
        {
            Example = "kalends reindex --store 'Host=localhost;Database=kalends;Username=kalends'",
        };
        verb.Add(store);
        verb.SetAction(async (parsed, stopped) =>
        {
            var configured = Configured.Read(parsed.GetValue(store));
            await using var opened = configured.OpenForReading();
            var said = 0;
            await foreach (var sentence in opened.Reindex(stopped))
            {
                said++;
                await surroundings.Error.WriteLineAsync(sentence);
            }

            await surroundings.Error.WriteLineAsync(said == 0 ? $"{configured.Choice.Place}: nothing to rewrite" : "done");
            return ExitCodes.Done;
        });
        return verb;
    }
}
