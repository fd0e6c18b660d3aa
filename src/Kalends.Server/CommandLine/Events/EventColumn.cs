using NodaTime;
using Parquet;
using Parquet.Schema;

namespace Kalends.Server.CommandLine.Events;

/// <summary>A column of a Parquet file, and how it is written of many rows.</summary>
internal sealed record EventColumn<TRow>(DataField Field, Func<ParquetRowGroupWriter, IReadOnlyList<TRow>, Task> Write)
{
    public static EventColumn<TRow> Text(string name, Func<TRow, string?> of)
    {
        var field = new DataField<string>(name);
        return new(field, async (group, rows) => await group.WriteAsync(field, [.. rows.Select(row => of(row)!)]));
    }

    public static EventColumn<TRow> Number(string name, Func<TRow, long?> of)
    {
        var field = new DataField<long?>(name);
        return new(field, async (group, rows) => await group.WriteAsync<long>(field, rows.Select(of).ToArray()));
    }

    /// <summary>An instant: a timestamp in UTC, in microseconds.</summary>
    public static EventColumn<TRow> Time(string name, Func<TRow, Instant?> of)
    {
        var field = new DateTimeDataField(name, DateTimeFormat.Timestamp, isAdjustedToUTC: true, unit: DateTimeTimeUnit.Micros, isNullable: true);
        return new(field, async (group, rows) => await group.WriteAsync(field, Memory(rows.Select(row => of(row)?.ToDateTimeUtc()).ToArray())));
    }

    private static ReadOnlyMemory<T> Memory<T>(T[] items) => items;
}
