using System.CommandLine;
using Kalends.Server.Http;
using Kalends.Storage;

namespace Kalends.Server.CommandLine;

/// <summary>
/// The settings of one run of the program: appsettings.json, then the environment, then options. The options that several verbs share are
/// declared here.
/// </summary>
internal sealed class Configured
{
    public const string DefaultStore = "Data Source=data/kalends.db";

    public const string Store = "ConnectionStrings:Kalends";

    public const string ReplicasOfStore = "ConnectionStrings:KalendsReplicas";

    private const string FlagsName = "option";

    private const string SetName = "--set";

    private Configured(IConfigurationRoot root) => Root = root;

    public IConfigurationRoot Root { get; }

    /// <summary>The store that is in force.</summary>
    public StoreChoice Choice { get; private init; } = StoreChoice.Of(DefaultStore);

    /// <summary>Where a server may read queries beside the store, if anywhere.</summary>
    public StoreChoice? Replicas => ReplicasOf(Choice, Root[ReplicasOfStore]);

    public bool IsDevelopment => "Development".Equals(
        Root["ASPNETCORE_ENVIRONMENT"] ?? Root["DOTNET_ENVIRONMENT"], StringComparison.OrdinalIgnoreCase);

    public static Option<string?> StoreOption() => new("--store")
    {
        Description = "The store: Data Source=FILE or a file name, or Host=NAME;Database=NAME;Username=NAME for PostgreSQL. "
            + $"In place of ConnectionStrings__Kalends; '{DefaultStore}' when neither is given.",
    };

    public static Option<string> TenantOption() => Named(new Option<string>("--tenant")
    {
        Description = "The tenant to act in.",
        DefaultValueFactory = _ => "demo",
    });

    /// <summary>The option takes a name as ids are: 1 to 255 characters, no control characters.</summary>
    public static Option<string> Named(Option<string> option)
    {
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>() is not { Length: > 0 and <= CalendarId.LongestId } name || name.Any(char.IsControl))
            {
                result.AddError($"{option.Name} must be 1 to {CalendarId.LongestId} characters without control characters");
            }
        });
        return option;
    }

    public static Option<string[]> SetOption() => new(SetName)
    {
        Description = "A setting for this run, NAME=VALUE, such as Kalends:Limits:RequestSeconds=10. May be repeated.",
        HelpName = "NAME=VALUE",
    };

    /// <summary>Throws <see cref="SettingsException"/> where a setting cannot be meant.</summary>
    public static Configured Read(string? store, IEnumerable<string>? flags = null)
    {
        var set = (flags ?? []).Select(Split).ToDictionary(pair => pair.Name, pair => (string?)pair.Value, StringComparer.OrdinalIgnoreCase);
        if (store is not null)
        {
            set[Store] = store;
        }

        var root = new ConfigurationBuilder()
            .SetBasePath(Directory.GetCurrentDirectory())
            .AddJsonFile("appsettings.json", optional: true)
            .AddEnvironmentVariables()
            .AddInMemoryCollection(set)
            .Build();
        return new(root) { Choice = Usable(root[Store] ?? DefaultStore) };
    }

    /// <summary>The settings before the verb itself has looked at any. No store is asked for, so none is found wanting.</summary>
    public static IConfigurationRoot Early(ParseResult parsed)
    {
        var set = parsed.CommandResult.Command.Options.OfType<Option<string[]>>().FirstOrDefault(option => option.Name == SetName);
        return Read(DefaultStore, set is null ? null : parsed.GetValue(set)).Root;
    }

    /// <summary>Which source a setting comes from, in the words of the documents; null when nobody set it.</summary>
    public string? OriginOf(string name) => Root.Providers.Reverse().FirstOrDefault(provider => provider.TryGet(name, out _)) switch
    {
        null => null,
        Microsoft.Extensions.Configuration.Json.JsonConfigurationProvider => "appsettings.json",
        Microsoft.Extensions.Configuration.EnvironmentVariables.EnvironmentVariablesConfigurationProvider => "environment",
        _ => FlagsName,
    };

    /// <summary>
    /// An SQLite file is made where it is missing, its folder too, and brought up to date. A PostgreSQL serves others meanwhile: its schema is
    /// changed by who says so alone.
    /// </summary>
    public async Task<IStore> OpenForWriting(CancellationToken stopped)
    {
        var store = Choice.Open();
        if (Choice.File is not null)
        {
            await store.Migrate(stopped);
        }

        return store;
    }

    /// <summary>The store as a server wants it: queries are read from its replicas, where it has any.</summary>
    public IStore OpenForServing() => Replicas is { } replicas ? Choice.Open(replicas, KalendsSettings.From(Root).Replicas.Patience()) : Choice.Open();

    /// <summary>A store that must be there already.</summary>
    public IStore OpenForReading() => Choice.File is not { } file || File.Exists(file)
        ? Choice.Open()
        : throw new SettingsException($"there is no store at {file}; name another with --store, or make one with: kalends seed, import or migrate");

    private static (string Name, string Value) Split(string flag) => flag.Split('=', 2) is [{ Length: > 0 } name, var value]
        ? (name, value)
        : throw new SettingsException($"--set takes NAME=VALUE, not '{flag}'");

    private static StoreChoice? ReplicasOf(StoreChoice store, string? given)
    {
        var replicas = string.IsNullOrEmpty(given) ? null : Usable(given);
        return replicas is null || (store.File is null && replicas.File is null)
            ? replicas
            : throw new SettingsException(
                $"{ReplicasOfStore} takes Host=NAME,NAME of the replicas of a PostgreSQL, which {Store} must name; an SQLite file has none");
    }

    private static StoreChoice Usable(string given)
    {
        try
        {
            return StoreChoice.Of(given);
        }
        catch (Exception fault) when (fault is ArgumentException or FormatException)
        {
            throw new SettingsException($"the store cannot be understood ({fault.Message}); use Data Source=FILE or Host=NAME;Database=NAME", fault);
        }
    }
}
