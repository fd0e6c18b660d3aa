using System.CommandLine;
using System.Globalization;
using Kalends.Server.Http;
using Kalends.Server.Redis;
using Kalends.Time;

namespace Kalends.Server.CommandLine.Verbs;

/// <summary>Shows every setting in force and where it came from, with secrets hidden.</summary>
internal static class ConfigVerb
{
    private const string Hidden = "(hidden)";

    private static readonly string[] SecretWords = ["password", "pwd", "secret", "token", "apikey", "privatekey", "redis:configuration"];

    public static Command Create(Surroundings surroundings)
    {
        var (store, set) = (Configured.StoreOption(), Configured.SetOption());
        var verb = new ExplainedCommand("config", "Shows every setting in force and where it came from")
        {
            Example = "Kalends__Limits__RequestSeconds=10 kalends config",
        };
        verb.Add(store);
        verb.Add(set);
        verb.SetAction(parsed =>
        {
            var configured = Configured.Read(parsed.GetValue(store), parsed.GetValue(set));
            _ = KalendsSettings.From(configured.Root);
            Tables.Write(surroundings, ["setting", "value", "from"], Rows(configured));
            return ExitCodes.Done;
        });
        return verb;
    }

    private static IEnumerable<IReadOnlyList<string>> Rows(Configured configured)
    {
        yield return [Configured.Store, configured.Choice.Shown, configured.OriginOf(Configured.Store) ?? "default"];
        if (configured.Replicas is { } replicas)
        {
            yield return [Configured.ReplicasOfStore, replicas.Shown, configured.OriginOf(Configured.ReplicasOfStore)!];
        }

        yield return ["Environment", configured.Root["ASPNETCORE_ENVIRONMENT"] ?? configured.Root["DOTNET_ENVIRONMENT"] ?? "Production",
            configured.OriginOf("ASPNETCORE_ENVIRONMENT") ?? configured.OriginOf("DOTNET_ENVIRONMENT") ?? "default"];
        var fromFile = configured.Root[ZoneDatabase.FileSetting] is { Length: > 0 };
        yield return ["Release of the time zones", Zones.Release, fromFile ? ZoneDatabase.FileSetting : "built in"];
        var known = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in Defaults("Kalends", new KalendsSettings()))
        {
            known.Add(name);
            var said = configured.Root.GetSection(name).GetChildren().Select(child => child.Value).OfType<string>().ToList();
            var inForce = configured.Root[name] ?? (said.Count > 0 ? string.Join(", ", said) : value);
            var origin = configured.OriginOf(name) ?? (said.Count > 0 ? configured.OriginOf(name + ":0") : null);
            yield return [name, IsSecret(name) && inForce.Length > 0 ? Hidden : inForce, origin ?? "default"];
        }

        foreach (var (name, _) in configured.Root.GetSection("Kalends").AsEnumerable().Where(pair => pair.Value is not null && pair.Key.Contains(':')))
        {
            if (!known.Contains(name) && !known.Contains(name[..name.LastIndexOf(':')]))
            {
                yield return [name, Hidden, $"{configured.OriginOf(name)}: no such setting, so it does nothing"];
            }
        }
    }

    /// <summary>The settings by name, each with what holds when nobody says otherwise.</summary>
    private static IEnumerable<(string Name, string Value)> Defaults(string prefix, object settings) => settings.GetType().GetProperties()
        .Where(property => property.CanWrite)
        .SelectMany(property => property.GetValue(settings) is { } part && part.GetType().Namespace == typeof(KalendsSettings).Namespace
            ? Defaults($"{prefix}:{property.Name}", part)
            : property.GetValue(settings) is RedisSettings redis ? Defaults(RedisSettings.Section, redis)
            : [($"{prefix}:{property.Name}", Convert.ToString(property.GetValue(settings), CultureInfo.InvariantCulture) ?? "")]);

    private static bool IsSecret(string name) => SecretWords.Any(word => name.Contains(word, StringComparison.OrdinalIgnoreCase));
}
