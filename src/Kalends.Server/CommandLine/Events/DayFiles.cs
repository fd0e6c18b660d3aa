using NodaTime;
using Parquet;
using Parquet.Schema;

namespace Kalends.Server.CommandLine.Events;

/// <summary>
/// Rows as Parquet files by day, <c>day=2026-11-23/part-0.parquet</c> in a folder. One file is open at a time, and so many rows are kept as one group of it
/// has. A day that comes again (of another tenant, or of who committed after midnight) gets another part. What an earlier run left of a day goes with the
/// first part of it; a file has its name once it is whole.
/// </summary>
internal sealed class DayFiles<TRow>(string folder, IReadOnlyList<EventColumn<TRow>> columns, Func<TRow, Instant> at, Func<TRow, int> length)
    : IAsyncDisposable
{
    /// <summary>Of one group: what a reader has to hold, and we.</summary>
    private const int MostRows = 20_000, MostCharacters = 16 * 1024 * 1024;

    private const string Unfinished = ".unfinished";

    private readonly ParquetSchema schema = new(columns.Select(column => column.Field).ToArray<Field>());
    private readonly Dictionary<LocalDate, int> parts = [];
    private readonly List<TRow> rows = [];
    private long characters;
    private (LocalDate Day, string File, FileStream Stream, ParquetWriter Writer)? open;

    public long Files { get; private set; }

    public async ValueTask Add(TRow row)
    {
        var day = at(row).InUtc().Date;
        if (open?.Day != day)
        {
            await Close();
            await Open(day);
        }

        rows.Add(row);
        characters += length(row);
        if (rows.Count == MostRows || characters >= MostCharacters)
        {
            await WriteGroup();
        }
    }

    /// <summary>Ends the file that is open; it is given its name.</summary>
    public async ValueTask Close()
    {
        if (open is not { } ending)
        {
            return;
        }

        await WriteGroup();
        open = null;
        await ending.Writer.DisposeAsync();
        await ending.Stream.DisposeAsync();
        File.Move(ending.File + Unfinished, ending.File, overwrite: true);
        Files++;
    }

    /// <summary>What was not closed stays unfinished.</summary>
    public async ValueTask DisposeAsync()
    {
        if (open is { } broken)
        {
            open = null;
            await broken.Writer.DisposeAsync();
            await broken.Stream.DisposeAsync();
            File.Delete(broken.File + Unfinished);
        }
    }

    private async ValueTask Open(LocalDate day)
    {
        var place = Path.Combine(folder, $"day={day.ToString("uuuu-MM-dd", null)}");
        var part = parts.GetValueOrDefault(day);
        parts[day] = part + 1;
        Directory.CreateDirectory(place);
        foreach (var former in part == 0 ? Directory.GetFiles(place, "part-*.parquet*") : [])
        {
            File.Delete(former);
        }

        var file = Path.Combine(place, $"part-{part}.parquet");
        var stream = File.Create(file + Unfinished);
        open = (day, file, stream, await ParquetWriter.CreateAsync(schema, stream, new() { CompressionMethod = CompressionMethod.Zstd }));
    }

    private async ValueTask WriteGroup()
    {
        if (rows.Count > 0)
        {
            using var group = open!.Value.Writer.CreateRowGroup();
            foreach (var column in columns)
            {
                await column.Write(group, rows);
            }

            group.CompleteValidate();
            rows.Clear();
            characters = 0;
        }
    }
}
