using System.CommandLine;

namespace Kalends.Server.CommandLine.Verbs;

/// <summary>Tells a store that it was restored from a copy, so that what clients carry from before is refused and not misunderstood.</summary>
internal static class MarkRestoredVerb
{
    public static Command Create(Surroundings surroundings)
    {
        var store = Configured.StoreOption();
        var verb = new ExplainedCommand("mark-restored", "After a restore from a copy: sync tokens and cursors from before are good no more")
        {
            Example = "kalends verify && kalends mark-restored",
        };
        verb.Add(store);
        verb.SetAction(async (parsed, stopped) =>
        {
            var configured = Configured.Read(parsed.GetValue(store));
            await using var opened = configured.OpenForReading();
            await opened.MarkRestored(stopped);
            await surroundings.Error.WriteLineAsync($"{configured.Choice.Place} is marked as restored: restart whatever serves it; clients synchronise anew");
            return ExitCodes.Done;
        });
        return verb;
    }
}
