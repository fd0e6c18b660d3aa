using System.CommandLine;
using System.Globalization;
using Kalends.Appointments;
using Kalends.Storage;
using Kalends.Time;

namespace Kalends.Server.CommandLine.Verbs;

/// <summary>
/// Works out again what was stored under another release of the time zones. Looks through each tenant without making anybody wait, and
/// hands what lies elsewhere to <c>rezone-appointments</c>, page by page: cut short anywhere and run again, it comes to the same.
/// </summary>
internal static class RezoneVerb
{
    public static Command Create(Surroundings surroundings)
    {
        var tenant = new Option<string?>("--tenant") { Description = "The tenant to act in; all tenants when absent." };
        var dryRun = new Option<bool>("--dry-run") { Description = "List what would move, change nothing." };
        var store = Configured.StoreOption();
        var verb = new ExplainedCommand("rezone", "Moves future appointments to where the time zones in force have them")
        {
            Example = "Kalends__TimeZones__File=/var/lib/kalends/tzdb.nzd kalends rezone --dry-run",
        };
        foreach (var option in new Option[] { tenant, dryRun, store })
        {
            verb.Add(option);
        }

        verb.SetAction((parsed, stopped) => Run(
            Configured.Read(parsed.GetValue(store)), parsed.GetValue(tenant), parsed.GetValue(dryRun), surroundings, stopped));
        return verb;
    }

    private static async Task<int> Run(Configured configured, string? tenant, bool dryRun, Surroundings surroundings, CancellationToken stopped)
    {
        await using var opened = configured.OpenForReading();
        var stored = await opened.ZoneRelease(stopped);
        var known = await opened.Tenants(stopped);
        if (tenant is not null && !known.Contains(tenant))
        {
            await surroundings.Error.WriteLineAsync($"kalends: there is no tenant {tenant} in this store");
            return ExitCodes.Failed;
        }

        IReadOnlyList<string> tenants = tenant is null ? known : [tenant];
        var run = new RezoneRun(opened, surroundings, dryRun);
        var refusal = await ProgressOf.Run(
            surroundings, dryRun ? "looking through" : "rezoning", await Count(opened, tenants, stopped), advance => run.Through(tenants, advance, stopped));
        run.Write();
        if (refusal is not null)
        {
            await surroundings.Error.WriteLineAsync(Desk.Problem(refusal));
            return ExitCodes.Failed;
        }

        if (run.LostZones is { } lost)
        {
            await surroundings.Error.WriteLineAsync($"kalends: {lost}");
            return ExitCodes.Failed;
        }

        await surroundings.Error.WriteLineAsync(await Close(opened, stored, tenant is null, dryRun, stopped));
        return ExitCodes.Done;
    }

    /// <summary>The store is of the new release once everything in it is.</summary>
    private static async Task<string> Close(IStore store, string stored, bool allTenants, bool dryRun, CancellationToken stopped)
    {
        if (dryRun || !allTenants || stored == Zones.Release)
        {
            return stored == Zones.Release
                ? $"the store's times are of {stored}, as this program's time zones are"
                : $"the store's times are of {stored} still, this program's time zones of {Zones.Release}"
                    + (dryRun ? "" : ": they become the store's when all tenants are done");
        }

        await store.SetZoneRelease(Zones.Release, stopped);
        return $"the store's times were of {stored} and are of {Zones.Release} now";
    }

    private static async Task<long> Count(IStore store, IReadOnlyList<string> tenants, CancellationToken stopped)
    {
        var count = 0L;
        foreach (var tenant in tenants)
        {
            await using var session = await store.Read(tenant, stopped);
            count += await session.Rows<IAppointmentRows>().Count();
        }

        return count;
    }

    public static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
