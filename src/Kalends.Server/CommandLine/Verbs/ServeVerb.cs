using System.CommandLine;
using Kalends.Server.Http;

namespace Kalends.Server.CommandLine.Verbs;

/// <summary>Serves the API until told to stop.</summary>
internal static class ServeVerb
{
    public const string Name = "serve";

    private const string UsualAddress = "http://127.0.0.1:8080";

    public static Command Create(Surroundings surroundings)
    {
        var urls = new Option<string?>("--urls") { Description = $"Where to listen; {UsualAddress} when nothing else is set." };
        var (store, set) = (Configured.StoreOption(), Configured.SetOption());
        var migrate = new Option<bool>("--migrate") { Description = "Bring the store's schema up to date first. A SQLite file is brought up to date always." };
        var workers = WorkVerb.WorkersOption();
        var verb = new ExplainedCommand(Name, "Serves the HTTP API")
        {
            Example = "ASPNETCORE_ENVIRONMENT=Development kalends serve --urls http://127.0.0.1:8080\n"
                + "Kalends__Auth__Authority=https://login.example.com kalends serve --store 'Data Source=/var/lib/kalends/kalends.db'\n"
                + "Kalends__Auth__Authority=https://login.example.com kalends serve --migrate --store 'Host=localhost;Database=kalends;Username=kalends'",
        };
        verb.Add(urls);
        verb.Add(store);
        verb.Add(set);
        verb.Add(migrate);
        verb.Add(workers);
        verb.SetAction((parsed, stopped) =>
        {
            var flags = WorkVerb.Flags(parsed.GetValue(set), parsed.GetValue(workers));
            return Serve(parsed.GetValue(urls), Configured.Read(parsed.GetValue(store), flags), flags, parsed.GetValue(migrate), surroundings, stopped);
        });
        return verb;
    }

    private static async Task<int> Serve(
        string? urls, Configured configured, string[] set, bool migrate, Surroundings surroundings, CancellationToken stopped)
    {
        var address = urls ?? configured.Root["urls"] ?? configured.Root["ASPNETCORE_URLS"] ?? UsualAddress;
        string[] arguments = [.. set.Select(flag => "--" + flag), "--urls=" + address];
        await using var store = configured.OpenForServing();
        // Built before the file is made: what may not serve leaves nothing behind.
        await using var app = KalendsHost.Build(arguments, new() { Store = store, Clock = surroundings.Clock });
        if (migrate || configured.Choice.File is not null)
        {
            await store.Migrate(stopped);
        }

        if (await ZoneDatabase.Difference(store, stopped) is { } difference)
        {
            await surroundings.Error.WriteLineAsync(difference);
        }

        if (await store.Caution(stopped) is { } caution)
        {
            Log.Caution(app.Logger, caution);
        }

        await app.RunAsync(stopped);
        return ExitCodes.Done;
    }
}
