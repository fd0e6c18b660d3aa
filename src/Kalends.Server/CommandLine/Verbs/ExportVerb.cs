using System.CommandLine;
using System.Text;
using Kalends.Messages;

namespace Kalends.Server.CommandLine.Verbs;

/// <summary>Writes a calendar as iCalendar text.</summary>
internal static class ExportVerb
{
    public static Command Create(Surroundings surroundings)
    {
        var calendar = Configured.Named(new Option<string>("--calendar") { Description = "The calendar, such as user:ana.", Required = true });
        var output = new Option<string?>("--output", "-o") { Description = "The file to write; standard output when absent.", HelpName = "FILE" };
        var (tenant, store) = (Configured.TenantOption(), Configured.StoreOption());
        var verb = new ExplainedCommand("export", "Writes a calendar as an iCalendar file")
        {
            Example = "kalends export --calendar user:ana --tenant demo -o ana.ics",
        };
        foreach (var option in new Option[] { calendar, output, tenant, store })
        {
            verb.Add(option);
        }

        verb.SetAction(async (parsed, stopped) =>
        {
            await using var opened = Configured.Read(parsed.GetValue(store)).OpenForReading();
            var desk = new Desk(opened, Desk.CallerOf(parsed.GetRequiredValue(tenant), null, admin: true), surroundings);
            var reply = await desk.Run("export-calendar", new { calendar = parsed.GetRequiredValue(calendar) }, stopped);
            if (reply.Refusal is { } refusal)
            {
                await surroundings.Error.WriteLineAsync(Desk.Problem(refusal));
                return ExitCodes.Failed;
            }

            await Write(((ITextResult)reply.Result!).Text, parsed.GetValue(output), surroundings, stopped);
            return ExitCodes.Done;
        });
        return verb;
    }

    private static Task Write(string text, string? file, Surroundings surroundings, CancellationToken stopped) => file is null
        ? surroundings.Out.WriteAsync(text.AsMemory(), stopped)
        : File.WriteAllTextAsync(file, text, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), stopped);
}
