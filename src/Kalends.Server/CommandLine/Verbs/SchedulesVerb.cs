using System.CommandLine;
using Kalends.Messages;
using Kalends.Permissions;
using Kalends.Schedules;
using Kalends.Server.Http;
using Kalends.Server.Workers;
using Kalends.Storage;

namespace Kalends.Server.CommandLine.Verbs;

/// <summary>What the program does again and again: when next, what came of it last; and to have one of it done now.</summary>
internal static class SchedulesVerb
{
    public static Command Create(Surroundings surroundings)
    {
        var (store, set) = (Configured.StoreOption(), Configured.SetOption());
        var verb = new ExplainedCommand("schedules", "Lists what is done again and again: by which rule, when next, and what came of it last")
        {
            Example = "kalends schedules\nkalends schedules run housekeeping",
        };
        var name = new Argument<string>("NAME") { Description = "As the list shows it." };
        var run = new ExplainedCommand("run", "Has a schedule run once now, by the next worker that is free; its own turns stay as they are")
        {
            Example = "kalends schedules run update-occurrences",
        };
        run.Add(name);
        foreach (var part in new[] { verb, run })
        {
            part.Add(store);
            part.Add(set);
        }

        verb.Add(run);
        verb.SetAction((parsed, stopped) => List(Configured.Read(parsed.GetValue(store), parsed.GetValue(set)), surroundings, stopped));
        run.SetAction((parsed, stopped) => Run(
            Configured.Read(parsed.GetValue(store), parsed.GetValue(set)), parsed.GetValue(name)!, surroundings, stopped));
        return verb;
    }

    private static async Task<int> List(Configured configured, Surroundings surroundings, CancellationToken stopped)
    {
        await using var store = configured.OpenForReading();
        await using var session = await store.Read(IStore.OwnTenant, stopped);
        var states = (await session.Rows<IScheduleRows>().All()).ToDictionary(state => state.Name);
        var known = Known(configured, store, surroundings);
        Tables.Write(
            surroundings, ["schedule", "rule", "zone", "next", "last run", "outcome"],
            known.Select(one => one.Name).Union(states.Keys).Order(StringComparer.Ordinal)
                .Select(name => Row(name, states.GetValueOrDefault(name), known.FirstOrDefault(one => one.Name == name))));
        return ExitCodes.Done;
    }

    private static async Task<int> Run(Configured configured, string name, Surroundings surroundings, CancellationToken stopped)
    {
        await using var store = configured.OpenForReading();
        var known = Known(configured, store, surroundings);
        if (known.FirstOrDefault(one => one.Name == name) is not { } schedule)
        {
            await surroundings.Error.WriteLineAsync($"kalends: there is no schedule {name}; there are: {string.Join(", ", known.Select(one => one.Name))}");
            return ExitCodes.Failed;
        }

        await Planting.RunNow(store, schedule, surroundings.Clock.GetCurrentInstant(), stopped);
        await surroundings.Error.WriteLineAsync(
            $"{name} is to run now: a worker of `kalends serve` or `kalends work` does it, and `kalends schedules` says what came of it");
        return ExitCodes.Done;
    }

    private static IReadOnlyList<Schedule> Known(Configured configured, IStore store, Surroundings surroundings) =>
        HostSchedules.Of(store, new Dispatcher(store, new RelationPermissions(), surroundings.Clock), KalendsSettings.From(configured.Root));

    private static string[] Row(string name, ScheduleState? state, Schedule? known) =>
    [
        name, state?.Rule ?? known!.Rule, state?.Zone ?? known!.Zone, state is null ? "once a worker has come" : $"{state.NextAt}",
        state?.LastAt is { } at ? $"{at}" : "", state?.LastOutcome ?? "",
    ];
}
