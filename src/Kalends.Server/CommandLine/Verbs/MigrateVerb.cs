using System.CommandLine;

namespace Kalends.Server.CommandLine.Verbs;

/// <summary>Brings the store's schema to the one this program was built for.</summary>
internal static class MigrateVerb
{
    public static Command Create(Surroundings surroundings)
    {
        var store = Configured.StoreOption();
        var role = new Option<string?>("--service-role")
        {
            Description = "Also let this role of the PostgreSQL server serve: it sees one tenant at a time, which the owner of the tables does not. "
                + "Once is enough; what later versions need it is granted when they migrate.",
        };
        var verb = new ExplainedCommand("migrate", "Brings the store's schema up to date")
        {
            Example = "kalends migrate --store 'Data Source=data/kalends.db'\n"
                + "kalends migrate --store 'Host=localhost;Database=kalends;Username=kalends'\n"
                + "kalends migrate --store 'Host=localhost;Database=kalends;Username=kalends' --service-role kalends_service",
        };
        verb.Add(store);
        verb.Add(role);
        verb.SetAction(async (parsed, stopped) =>
        {
            var configured = Configured.Read(parsed.GetValue(store));
            var opened = configured.Choice.Open();
            await using (opened)
            {
                var scripts = await opened.Migrate(stopped);
                foreach (var script in scripts)
                {
                    await surroundings.Out.WriteLineAsync(script);
                }

                var outcome = scripts.Count == 0 ? "is up to date" : $"is up to date now; scripts run: {scripts.Count}";
                await surroundings.Error.WriteLineAsync($"{configured.Choice.Place} {outcome}");
                if (parsed.GetValue(role) is { } named)
                {
                    await opened.LetServe(named, stopped);
                    await surroundings.Error.WriteLineAsync($"{named} may serve from it, one tenant at a time");
                }
            }

            return ExitCodes.Done;
        });
        return verb;
    }
}
