using System.CommandLine;
using System.Globalization;
using Kalends.Audit;
using Kalends.Server.Http;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Server.CommandLine.Verbs;

/// <summary>Drops what is older than the trail is to be kept, as a server with that setting does each day.</summary>
internal static class TrimTrailVerb
{
    public static Command Create(Surroundings surroundings)
    {
        var days = new Option<int?>("--keep-days")
        {
            Description = $"Drop what is older, from {IRetentionWrites.FewestDays} to {Retention.MostDays} days; in place of Kalends:Trail:KeepDays.",
            HelpName = "DAYS",
        };
        days.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(token => !int.TryParse(token.Value, out var given) || !new TrailSettings { KeepDays = given }.CanBeMeant))
            {
                result.AddError($"--keep-days takes {IRetentionWrites.FewestDays} to {Retention.MostDays}, not {token.Value}");
            }
        });
        var tenant = new Option<string?>("--tenant") { Description = "The tenant whose trail is meant; all tenants when absent." };
        var dryRun = new Option<bool>("--dry-run") { Description = "Count what would be dropped, and drop nothing." };
        var store = Configured.StoreOption();
        var verb = new ExplainedCommand("trim-trail", "Drops what is older than the trail is to be kept: entries, their publications and commands, old views")
        {
            Example = "kalends trim-trail --keep-days 365 --dry-run\nkalends export-events --to events && kalends trim-trail --keep-days 365\n"
                + "kalends verify\n\n"
                + "What is dropped is gone: export or back it up first. What is not sealed yet is never dropped; serve seals behind its commands.\n"
                + "Stopped in the middle, the store is sound, and the next run goes on. A server does it daily: Kalends__Trail__KeepDays=365 kalends serve",
        };
        foreach (var option in new Option[] { days, tenant, dryRun, store })
        {
            verb.Add(option);
        }

        verb.SetAction((parsed, stopped) =>
        {
            var configured = Configured.Read(parsed.GetValue(store));
            var keep = parsed.GetValue(days) ?? KalendsSettings.From(configured.Root).Trail.KeepDays
                ?? throw new SettingsException("how long is the trail to be kept? Say --keep-days DAYS, or set Kalends:Trail:KeepDays");
            var before = Retention.Before(surroundings.Clock.GetCurrentInstant(), keep);
            return Run(configured, parsed.GetValue(tenant), before, parsed.GetValue(dryRun), surroundings, stopped);
        });
        return verb;
    }

    private static async Task<int> Run(
        Configured configured, string? tenant, Instant before, bool dryRun, Surroundings surroundings, CancellationToken stopped)
    {
        await using var opened = configured.OpenForReading();
        var known = await opened.Tenants(stopped);
        if (tenant is not null && !known.Contains(tenant))
        {
            await surroundings.Error.WriteLineAsync($"kalends: there is no tenant {tenant} in this store");
            return ExitCodes.Failed;
        }

        var counts = new Dictionary<string, long>();
        foreach (var one in tenant is null ? known : [tenant])
        {
            await using var session = await opened.Read(one, stopped);
            counts[one] = await session.Rows<IRetentionRows>().Count(before);
        }

        var total = dryRun ? counts.Values.Sum() : await ProgressOf.Run(surroundings, "trimming", counts.Values.Sum(), async advance =>
        {
            foreach (var one in counts.Keys)
            {
                counts[one] = await Retention.Run(opened, one, before, advance, stopped);
            }

            return counts.Values.Sum();
        });
        var done = dryRun ? "would be" : "were";
        foreach (var (one, entries) in counts.Where(pair => pair.Value > 0))
        {
            await surroundings.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"tenant {one}: {entries:N0} trail entries {done} dropped"));
        }

        await surroundings.Error.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture, $"{configured.Choice.Place}: {total:N0} trail entries older than {before:uuuu-MM-dd} {done} dropped"));
        return ExitCodes.Done;
    }
}
