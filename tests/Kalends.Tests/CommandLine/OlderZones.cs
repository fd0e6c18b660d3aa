using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using Kalends.Tests.Storage;

namespace Kalends.Tests.CommandLine;

/// <summary>
/// A terminal whose store is written with an older release of the time zones than the program has: 2019c, when Mexico City still had
/// summer time and Amman still ended it in autumn. Read out of an older Noda Time, which is a file here and is never loaded.
/// </summary>
internal sealed class OlderZones : IDisposable
{
    public const string Release = "2019c";

    private const string Resource = "NodaTime.TimeZones.Tzdb.nzd";

    private readonly Terminal terminal = new();

    public OlderZones()
    {
        File = terminal.File("older.nzd");
        System.IO.File.WriteAllBytes(File, ReadDatabase());
    }

    /// <summary>The older release as a file of its own.</summary>
    public string File { get; }

    public string Store => terminal.Store;

    public string PathOf(string name, string? content = null) => terminal.File(name, content);

    /// <summary>A verb as a process, with the program's own time zones.</summary>
    public Task<Said> Now(params string[] arguments) => terminal.Start(Environment(Store), arguments);

    public Task<Said> NowOn(string store, params string[] arguments) => terminal.Start(Environment(store), arguments);

    /// <summary>The same with the older ones.</summary>
    public Task<Said> Before(params string[] arguments) =>
        terminal.Start(new Dictionary<string, string>(Environment(Store)) { ["Kalends__TimeZones__File"] = File }, arguments);

    public System.Diagnostics.Process Begin(string store, params string[] arguments) => terminal.Begin(Environment(store), arguments);

    /// <summary>Saves with the older zones; fails where that is refused.</summary>
    public async Task Saved(string verb, string json, string tenant = "demo")
    {
        var said = await Before(verb, terminal.File("message.json", json), "--tenant", tenant);
        Assert.True(said.Code == 0, said.Error);
    }

    public List<string> Rows(string sql, string? store = null) => StoredRows.Of(store ?? Store, sql);

    public void Dispose() => terminal.Dispose();

    private static Dictionary<string, string> Environment(string store) => new() { ["ConnectionStrings__Kalends"] = $"Data Source={store}" };

    private static byte[] ReadDatabase()
    {
        using var file = System.IO.File.OpenRead(Path.Combine(AppContext.BaseDirectory, "NodaTime-2.4.7.bin"));
        using var assembly = new PEReader(file);
        var metadata = assembly.GetMetadataReader();
        var resource = metadata.ManifestResources.Select(metadata.GetManifestResource).Single(found => metadata.GetString(found.Name) == Resource);
        // A resource is its length and then its bytes (ECMA-335 §II.24.2.6 leaves it to the runtime; this is what all compilers write).
        var content = assembly.GetSectionData(assembly.PEHeaders.CorHeader!.ResourcesDirectory.RelativeVirtualAddress).GetReader();
        content.Offset = (int)resource.Offset;
        return content.ReadBytes(content.ReadInt32());
    }
}
