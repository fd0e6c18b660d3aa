using Kalends.Appointments;
using Kalends.Availability;
using Kalends.Storage.Postgres;
using Npgsql;
using NpgsqlTypes;

namespace Kalends.Storage.Copying;

/// <summary>Rows into PostgreSQL and out of it: what each column is stored as, and appointments packed and unpacked.</summary>
internal static class PostgresContent
{
    /// <summary>Writes as many rows as there are, at most; the answer is how many.</summary>
    public static async ValueTask<int> Write(
        NpgsqlConnection connection, CopiedTable table, IEnumerator<object?[]> rows, int most, CancellationToken stopped)
    {
        var written = 0;
        await using var writer = await connection.BeginBinaryImportAsync(table.CopyIntoPostgres, stopped);
        while (written < most && rows.MoveNext())
        {
            var row = table == CopiedTables.Appointment ? Packed(rows.Current) : rows.Current;
            await writer.StartRowAsync(stopped);
            for (var column = 0; column < row.Length; column++)
            {
                await Write(writer, row[column], table.Columns[column].Kind, stopped);
            }

            written++;
        }

        await writer.CompleteAsync(stopped);
        return written;
    }

    public static async IAsyncEnumerable<object?[]> Read(
        NpgsqlConnection connection, CopiedTable table, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken stopped)
    {
        await using var command = new NpgsqlCommand(table.ReadPostgres, connection);
        await using var reader = await command.ExecuteReaderAsync(stopped);
        while (await reader.ReadAsync(stopped))
        {
            var (stored, row) = (new Row(reader), new object?[table.Columns.Length]);
            for (var column = 0; column < row.Length; column++)
            {
                row[column] = stored.IsNull(column) ? null : Value(stored, column, table.Columns[column].Kind);
            }

            yield return table == CopiedTables.Appointment ? Unpacked(row) : row;
        }
    }

    private static object Value(Row row, int column, Kind kind) => kind switch
    {
        Kind.Integer => (long)row.Integer(column),
        Kind.Long => row.Long(column),
        Kind.Moment => row.Time(column),
        Kind.Privacy => (long)Letters.Privacy(row.Letter(column)),
        Kind.Busyness => (long)Letters.Busyness(row.Letter(column)),
        Kind.Bool => row.Bool(column),
        Kind.Text => row.Text(column),
        Kind.Texts => row.TextArray(column),
        Kind.Id => row.Guid(column),
        Kind.Bytes or Kind.Json => row.Bytes(column),
        Kind.Keys => row.Keys(column).ToArray(),
        _ => row.Longs(column),
    };

    private static Task Write(NpgsqlBinaryImporter writer, object? value, Kind kind, CancellationToken stopped) => value is null
        ? writer.WriteNullAsync(stopped)
        : kind switch
        {
            Kind.Integer => writer.WriteAsync(checked((int)(long)value), NpgsqlDbType.Integer, stopped),
            Kind.Long => writer.WriteAsync((long)value, NpgsqlDbType.Bigint, stopped),
            Kind.Moment => writer.WriteAsync(Seconds.ToStored((long)value), NpgsqlDbType.TimestampTz, stopped),
            Kind.Privacy => writer.WriteAsync(Letters.Of((Privacy)(long)value), NpgsqlDbType.InternalChar, stopped),
            Kind.Busyness => writer.WriteAsync(Letters.Of((Busyness)(long)value), NpgsqlDbType.InternalChar, stopped),
            Kind.Bool => writer.WriteAsync((bool)value, NpgsqlDbType.Boolean, stopped),
            Kind.Text => writer.WriteAsync(Texts.ToStored((string)value)!, NpgsqlDbType.Text, stopped),
            Kind.Texts => writer.WriteAsync(Array.ConvertAll((string[])value, text => Texts.ToStored(text)!), NpgsqlDbType.Array | NpgsqlDbType.Text, stopped),
            Kind.Id => writer.WriteAsync((Guid)value, NpgsqlDbType.Uuid, stopped),
            Kind.Bytes => writer.WriteAsync((byte[])value, NpgsqlDbType.Bytea, stopped),
            Kind.Json => writer.WriteAsync((byte[])value, NpgsqlDbType.Json, stopped),
            Kind.Keys => writer.WriteAsync(Array.ConvertAll((long[])value, key => checked((int)key)), NpgsqlDbType.Array | NpgsqlDbType.Integer, stopped),
            _ => writer.WriteAsync((long[])value, NpgsqlDbType.Array | NpgsqlDbType.Bigint, stopped),
        };

    /// <summary>As <see cref="AppointmentRows"/> and <see cref="SeriesRows"/> store it.</summary>
    private static object?[] Packed(object?[] row)
    {
        var stored = (object?[])row.Clone();
        var isDerived = IsDerived(row);
        stored[CopiedTables.Uid] = isDerived || Equals(row[CopiedTables.Uid], AppointmentRows.UidOf(Id(row))) ? null : row[CopiedTables.Uid];
        stored[CopiedTables.Body] = isDerived ? null : Bodies.Pack((byte[])row[CopiedTables.Body]!, BesideOf(row));
        return stored;
    }

    private static object?[] Unpacked(object?[] row)
    {
        var isDerived = IsDerived(row);
        row[CopiedTables.Uid] ??= isDerived ? "" : AppointmentRows.UidOf(Id(row));
        row[CopiedTables.Body] = row[CopiedTables.Body] is byte[] packed ? Bodies.Unpack(packed, BesideOf(row)) : AppointmentRows.Place;
        if (row[CopiedTables.Calendars] is long[] calendars)
        {
            // The order in which attendees were named means nothing.
            Array.Sort(calendars);
        }

        return row;
    }

    private static bool IsDerived(object?[] row) => row[CopiedTables.Series] is not null && !(bool)row[CopiedTables.Detached]!;

    private static Guid Id(object?[] row) => (Guid)row[CopiedTables.Id]!;

    private static Beside BesideOf(object?[] row) =>
        new(Id(row), (long)row[CopiedTables.From]!, (long)row[CopiedTables.To]!, (Guid?)row[CopiedTables.Series]);
}
