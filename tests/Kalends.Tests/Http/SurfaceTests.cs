using System.Text.Json;
using Kalends.Server.Http;
using Kalends.Storage.Sqlite;
using Kalends.Tests.Rules;
using Kalends.Tests.Storage;
using Microsoft.AspNetCore.Builder;

namespace Kalends.Tests.Http;

/// <summary>
/// Holds the public surface to the text file that was reviewed: one line an address, then one line a member of its request and
/// result. To renew it after a change that is meant, run the tests with KALENDS_WRITE_SURFACE=1.
/// </summary>
public sealed class SurfaceTests
{
    private const string Renew = "KALENDS_WRITE_SURFACE";

    [Fact]
    public async Task The_public_surface_is_the_reviewed_one()
    {
        var file = Path.Combine(SourceTree.Root, "docs", "protocol", "surface.txt");
        using var temporary = new TemporaryFile();
        await using var store = new SqliteStore(temporary.ConnectionString);
        await using var app = KalendsHost.Build(
            ["--urls=http://127.0.0.1:0", "--environment=Development", $"--Kalends:Development:KeyFile={EdgeHost.Key.File}", "--Logging:LogLevel:Default=None"],
            new() { Store = store });
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var client = new HttpClient();
        var document = JsonDocument.Parse(await client.GetStringAsync(new Uri(app.Urls.Single() + "/openapi/v1.json"), TestContext.Current.CancellationToken));
        var surface = string.Join('\n', Surface.Of(document.RootElement)) + "\n";
        if (Environment.GetEnvironmentVariable(Renew) == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            await File.WriteAllTextAsync(file, surface, TestContext.Current.CancellationToken);
        }

        var reviewed = File.Exists(file) ? await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken) : "";
        var added = surface.Split('\n').Except(reviewed.Split('\n')).Select(line => "+ " + line);
        var gone = reviewed.Split('\n').Except(surface.Split('\n')).Select(line => "- " + line);
        Assert.True(
            surface == reviewed,
            $"The public surface changed. If that is meant, run: {Renew}=1 ./test Surface\n"
            + string.Join('\n', gone.Concat(added)));
    }
}
