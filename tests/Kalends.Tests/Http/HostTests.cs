using Kalends.Server.Http;
using Kalends.Storage.Sqlite;
using Kalends.Tests.Storage;
using Microsoft.Extensions.Configuration;

namespace Kalends.Tests.Http;

public sealed class HostTests
{
    /// <summary>It would take note of every file in every folder below it: of a whole disk where that is the root, as services are started.</summary>
    [Fact]
    public async Task A_server_does_not_watch_the_folder_that_it_was_started_in()
    {
        using var temporary = new TemporaryFile();
        await using var store = new SqliteStore(temporary.ConnectionString);
        await using var app = KalendsHost.Build(
            ["--environment=Development", $"--Kalends:Development:KeyFile={EdgeHost.Key.File}", "--Logging:LogLevel:Default=None"], new() { Store = store });
        var files = ((IConfigurationRoot)app.Configuration).Providers.OfType<FileConfigurationProvider>().ToList();
        Assert.NotEmpty(files);
        Assert.DoesNotContain(files, file => file.Source.ReloadOnChange);
    }
}
