using System.CommandLine;
using System.Globalization;
using Kalends.Messages;
using Kalends.Storage;

namespace Kalends.Server.CommandLine.Verbs;

/// <summary>Brings iCalendar files into a calendar, file by file, and says of each what came of it.</summary>
internal static class ImportVerb
{
    /// <summary>A screen of them; what is left is counted.</summary>
    private const int MostReasons = 20;

    public static Command Create(Surroundings surroundings)
    {
        var files = new Argument<string[]>("FILE") { Description = "iCalendar files.", Arity = ArgumentArity.OneOrMore };
        var calendar = Configured.Named(new Option<string>("--calendar")
        {
            Description = "The calendar that owns and attends what is read, such as user:ana.",
            Required = true,
        });
        var (tenant, store) = (Configured.TenantOption(), Configured.StoreOption());
        var verb = new ExplainedCommand("import", "Brings iCalendar files into a calendar; fails when one cannot be opened or none is iCalendar")
        {
            Example = "kalends import team.ics holidays.ics --calendar user:ana --tenant demo",
        };
        verb.Add(files);
        foreach (var option in new Option[] { calendar, tenant, store })
        {
            verb.Add(option);
        }

        verb.SetAction((parsed, stopped) => Run(
            parsed.GetRequiredValue(files), new(parsed.GetRequiredValue(calendar)), parsed.GetRequiredValue(tenant), parsed.GetValue(store),
            surroundings, stopped));
        return verb;
    }

    private static async Task<int> Run(
        string[] files, CalendarId calendar, string tenant, string? store, Surroundings surroundings, CancellationToken stopped)
    {
        var opened = await Configured.Read(store).OpenForWriting(stopped);
        await using (opened)
        {
            var importing = new FileImport(new(opened, Desk.CallerOf(tenant, null, admin: true), surroundings), calendar);
            var results = new List<FileResult>();
            foreach (var file in files)
            {
                var length = File.Exists(file) ? new FileInfo(file).Length : 0;
                results.Add(await ProgressOf.Run(surroundings, Path.GetFileName(file), length, advance => importing.Import(file, advance, stopped)));
            }

            Tables.Write(surroundings, ["file", "saved", "unchanged", "skipped", "why"], [.. results.SelectMany(Rows), Total(results)]);
            var done = results.Exists(result => result.Error is null) && !results.Exists(result => result.Unreadable);
            if (!done)
            {
                await surroundings.Error.WriteLineAsync("kalends: not every file could be imported; the table says why");
            }

            return done ? ExitCodes.Done : ExitCodes.Failed;
        }
    }

    private static IEnumerable<IReadOnlyList<string>> Rows(FileResult result)
    {
        var reasons = result.Reasons.OrderByDescending(reason => reason.Value).ThenBy(reason => reason.Key, StringComparer.Ordinal).ToList();
        var (skipped, error) = (reasons.Sum(reason => reason.Value), result.Error is { } said ? "error: " + said : "");
        yield return [result.File, Number(result.Saved), Number(result.Unchanged), Number(skipped), error];
        foreach (var (reason, count) in reasons.Take(MostReasons))
        {
            yield return ["", "", "", Number(count), reason];
        }

        if (reasons.Count > MostReasons)
        {
            yield return ["", "", "", Number(reasons.Skip(MostReasons).Sum(reason => reason.Value)), $"{reasons.Count - MostReasons} other reasons"];
        }
    }

    private static IReadOnlyList<string> Total(List<FileResult> results) =>
    [
        $"{results.Count} files", Number(results.Sum(result => result.Saved)), Number(results.Sum(result => result.Unchanged)),
        Number(results.Sum(result => result.Reasons.Values.Sum())), Number(results.Count(result => result.Error is not null)) + " errors",
    ];

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
