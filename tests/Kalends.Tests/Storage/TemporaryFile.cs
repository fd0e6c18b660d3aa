namespace Kalends.Tests.Storage;

/// <summary>A folder of its own with one database file in it, gone when disposed.</summary>
public sealed class TemporaryFile : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("kalends-");

    public string Path => System.IO.Path.Combine(folder.FullName, "made-on-demand", "kalends.db");

    public string ConnectionString => $"Data Source={Path}";

    public void Dispose() => folder.Delete(recursive: true);
}
