using System.CommandLine;
using System.Globalization;
using Kalends.Appointments;
using Kalends.Storage;

namespace Kalends.Server.CommandLine.Verbs;

/// <summary>Checks everything stored against itself: the store's own invariants, and every row against the appointment it follows from.</summary>
internal static class VerifyVerb
{
    public static Command Create(Surroundings surroundings)
    {
        var (store, kept) = (Configured.StoreOption(), VerifySeals.KeptOption());
        var verb = new ExplainedCommand("verify", "Checks the stored data against itself; exit 1 when something is wrong")
        {
            Example = "kalends verify --store data/kalends.db && echo sound",
        };
        verb.Add(store);
        verb.Add(kept);
        verb.SetAction(async (parsed, stopped) =>
        {
            var configured = Configured.Read(parsed.GetValue(store));
            await using var opened = configured.OpenForReading();
            if (await ZoneDatabase.Difference(opened, stopped) is { } difference)
            {
                await surroundings.Error.WriteLineAsync(difference);
            }

            var (checkedCount, broken) = (0L, 0L);
            var findings = Findings(opened, surroundings.Clock.GetCurrentInstant(), count => checkedCount += count, stopped)
                .Concat(VerifySeals.Findings(opened, parsed.GetValue(kept) ?? [], surroundings, stopped));
            await foreach (var finding in findings)
            {
                broken++;
                await surroundings.Out.WriteLineAsync(finding);
            }

            var verdict = broken == 0 ? "sound" : string.Create(CultureInfo.InvariantCulture, $"{broken:N0} findings");
            await surroundings.Error.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture, $"{configured.Choice.Place}: {checkedCount:N0} appointments checked, {verdict}"));
            return broken == 0 ? ExitCodes.Done : ExitCodes.Failed;
        });
        return verb;
    }

    private static async IAsyncEnumerable<string> Findings(
        IStore store, NodaTime.Instant now, Action<int> progress, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken stopped)
    {
        await foreach (var finding in store.FindBroken(stopped))
        {
            yield return finding;
        }

        foreach (var tenant in await store.Tenants(stopped))
        {
            await foreach (var finding in Verification.Run(store, tenant, now, progress, stopped))
            {
                yield return finding;
            }
        }
    }
}
