using System.Diagnostics;
using System.Text;
using Kalends.Server.CommandLine;
using NodaTime;

namespace Kalends.Tests.CommandLine;

/// <summary>What one call of the program came to.</summary>
internal sealed record Said(int Code, string Out, string Error);

/// <summary>A folder and the command line in it: in this process, or as the built program.</summary>
internal sealed class Terminal : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("kalends-cli-").FullName;

    public string Store => Path.Combine(folder, "kalends.db");

    public string File(string name, string? content = null)
    {
        var path = Path.Combine(folder, name);
        if (content is not null)
        {
            System.IO.File.WriteAllText(path, content);
        }

        return path;
    }

    /// <summary>In this process, on this folder's store.</summary>
    public Task<Said> Run(params string[] arguments) => RunWith("", arguments);

    public async Task<Said> RunWith(string input, params string[] arguments)
    {
        using var written = new StringWriter();
        using var complained = new StringWriter();
        var code = await KalendsCommandLine.Run([.. arguments, "--store", Store], new()
        {
            Out = written,
            Error = complained,
            In = () => new MemoryStream(Encoding.UTF8.GetBytes(input)),
            OutIsTerminal = false,
            ErrorIsTerminal = false,
            Clock = new StandingAt(),
        });
        return new(code, written.ToString(), complained.ToString());
    }

    /// <summary>As a process, in this folder, with what the environment says and nothing else of Kalends'.</summary>
    public async Task<Said> Start(IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        using var process = Begin(environment, arguments);
        var (written, complained) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return new(process.ExitCode, await written, await complained);
    }

    /// <summary>The same, for who wants to end it.</summary>
    public Process Begin(IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var information = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Kalends.Server.dll"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = folder,
        };
        information.Environment.Remove("ASPNETCORE_ENVIRONMENT");
        information.Environment.Remove("DOTNET_ENVIRONMENT");
        information.Environment["Kalends__Development__KeyFile"] = File("key.pem");
        foreach (var (name, value) in environment)
        {
            information.Environment[name] = value;
        }

        var process = Process.Start(information)!;
        process.StandardInput.Close();
        return process;
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private sealed class StandingAt : IClock
    {
        public Instant GetCurrentInstant() => Instant.FromUtc(2026, 11, 25, 10, 0);
    }
}
