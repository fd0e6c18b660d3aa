using System.CommandLine;
using System.Globalization;
using Kalends.Server.CommandLine.Events;
using NodaTime;
using NodaTime.Text;

namespace Kalends.Server.CommandLine.Verbs;

/// <summary>Writes trail and publications as Parquet files, for whatever reads those.</summary>
internal static class ExportEventsVerb
{
    public static Command Create(Surroundings surroundings)
    {
        var to = new Option<string>("--to") { Description = "The folder to write to.", Required = true, HelpName = "FOLDER" };
        var since = Day("--since", "The first day, in UTC; from the beginning when absent.");
        var until = Day("--until", "The day after the last one, in UTC; to the end when absent.");
        var (tenant, store) = (new Option<string?>("--tenant") { Description = "The tenant to export; all tenants when absent." }, Configured.StoreOption());
        var verb = new ExplainedCommand("export-events", "Writes the trail and the publications as Parquet files, one folder a day")
        {
            Example = "kalends export-events --to events --since 2026-11-01\n"
                + "duckdb -c \"SELECT \\\"by\\\", count(*) FROM 'events/trail/*/*.parquet' GROUP BY 1\"",
        };
        foreach (var option in new Option[] { to, since, until, tenant, store })
        {
            verb.Add(option);
        }

        verb.SetAction((parsed, stopped) => Run(
            Configured.Read(parsed.GetValue(store)), parsed.GetRequiredValue(to), parsed.GetValue(tenant),
            Start(parsed.GetValue(since)) ?? NodaConstants.UnixEpoch, Start(parsed.GetValue(until)) ?? Instant.FromUtc(9999, 1, 1, 0, 0),
            surroundings, stopped));
        return verb;
    }

    private static Option<string?> Day(string name, string description)
    {
        var option = new Option<string?>(name) { Description = description, HelpName = "DATE" };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } given && !LocalDatePattern.Iso.Parse(given).Success)
            {
                result.AddError($"{name} takes a date such as 2026-11-23, not '{given}'");
            }
        });
        return option;
    }

    private static Instant? Start(string? day) => day is null ? null : LocalDatePattern.Iso.Parse(day).Value.AtMidnight().InUtc().ToInstant();

    private static async Task<int> Run(
        Configured configured, string folder, string? tenant, Instant from, Instant until, Surroundings surroundings, CancellationToken stopped)
    {
        await using var opened = configured.OpenForReading();
        var known = await opened.Tenants(stopped);
        if (tenant is not null && !known.Contains(tenant))
        {
            await surroundings.Error.WriteLineAsync($"kalends: there is no tenant {tenant} in this store");
            return ExitCodes.Failed;
        }

        IReadOnlyList<string> tenants = tenant is null ? known : [tenant];
        await using var export = new EventExport(opened, folder, from, until);
        var count = await ProgressOf.Run(surroundings, "exporting", await export.Count(tenants, stopped), async advance =>
        {
            var done = 0L;
            foreach (var one in tenants)
            {
                var kept = await export.Run(
                    one,
                    more =>
                    {
                        done += more;
                        advance(more);
                    },
                    stopped);
                if (kept is { } first)
                {
                    await surroundings.Error.WriteLineAsync(
                        $"tenant {one}: what was before {first:uuuu-MM-dd} has been dropped from its trail, and is not written");
                }
            }

            return done;
        });
        await surroundings.Error.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture, $"{count:N0} trail entries and publications written to {export.Files:N0} files in {folder}"));
        return ExitCodes.Done;
    }
}
