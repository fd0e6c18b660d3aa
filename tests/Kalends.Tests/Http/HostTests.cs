using Kalends.Server.Http;
using Kalends.Storage.Sqlite;
using Kalends.Tests.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Kalends.Tests.Http;

public sealed class HostTests
{
    /// <summary>It would take note of every file in every folder below it: of a whole disk where that is the root, as services are started.</summary>
    [Fact]
    public async Task A_server_does_not_watch_the_folder_that_it_was_started_in()
    {
        using var temporary = new TemporaryFile();
        await using var store = new SqliteStore(temporary.ConnectionString);
        string[] arguments = ["--environment=Development", $"--Kalends:Development:KeyFile={EdgeHost.Key.File}", "--Logging:LogLevel:Default=None"];
        await using var app = KalendsHost.Build(arguments, new() { Store = store });
        using var workers = KalendsHost.BuildWorkers(arguments, new() { Store = store });
        foreach (var services in new[] { app.Services, workers.Services })
        {
            var files = ((IConfigurationRoot)services.GetRequiredService<IConfiguration>()).Providers.OfType<FileConfigurationProvider>().ToList();
            Assert.NotEmpty(files);
            Assert.DoesNotContain(files, file => file.Source.ReloadOnChange);
        }
    }
}
