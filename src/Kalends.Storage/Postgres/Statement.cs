using NodaTime;
using Npgsql;
using NpgsqlTypes;

namespace Kalends.Storage.Postgres;

/// <summary>
/// One statement of a batch: <c>session.Prepare(Sql).With(…).With(…)</c> binds $1, $2 … in order, arrays for what is meant of many rows. What
/// answers rows is told by <see cref="Reading"/> what to do with each. Statements are constants of the program, so the driver keeps them prepared.
/// </summary>
internal sealed class Statement(string constantSql)
{
    public NpgsqlBatchCommand Command { get; } = new(constantSql);

    public Action<Row>? Read { get; private set; }

    /// <summary>Of a statement that answers no rows, once it has run.</summary>
    public int Changed => Command.RecordsAffected;

    public Statement Reading(Action<Row> read)
    {
        Read = read;
        return this;
    }

    public Statement With(long value) => Add(value, NpgsqlDbType.Bigint);

    public Statement With(bool value) => Add(value, NpgsqlDbType.Boolean);

    public Statement With(Guid value) => Add(value, NpgsqlDbType.Uuid);

    public Statement With(Guid? value) => value is { } id ? With(id) : AddNull(NpgsqlDbType.Uuid);

    public Statement With(string? value) => Add(Texts.ToStored(value), NpgsqlDbType.Text);

    public Statement WithInteger(long? value) => value is { } number ? Add(checked((int)number), NpgsqlDbType.Integer) : AddNull(NpgsqlDbType.Integer);

    public Statement WithTime(long seconds) => Add(Seconds.ToStored(seconds), NpgsqlDbType.TimestampTz);

    /// <summary>To the millisecond.</summary>
    public Statement WithMoment(Instant moment) => Add(Seconds.ToStored(moment), NpgsqlDbType.TimestampTz);

    public Statement WithMoment(Instant? moment) => moment is { } one ? WithMoment(one) : AddNull(NpgsqlDbType.TimestampTz);

    public Statement WithMoments(IEnumerable<Instant> moments) =>
        Add<long[]>([.. moments.Select(Seconds.ToStored)], NpgsqlDbType.Array | NpgsqlDbType.TimestampTz);

    public Statement WithJson(byte[] utf8) => Add(utf8, NpgsqlDbType.Json);

    public Statement WithNoJson() => AddNull(NpgsqlDbType.Json);

    public Statement WithJson(string text) => Add(text, NpgsqlDbType.Json);

    public Statement WithBytes(byte[] bytes) => Add(bytes, NpgsqlDbType.Bytea);

    public Statement WithAll(IEnumerable<Guid> values) => Add<Guid[]>([.. values], NpgsqlDbType.Array | NpgsqlDbType.Uuid);

    public Statement WithAll(IEnumerable<Guid?> values) => Add<Guid?[]>([.. values], NpgsqlDbType.Array | NpgsqlDbType.Uuid);

    public Statement WithAll(IEnumerable<string?> values) => Add<string?[]>([.. values.Select(Texts.ToStored)], NpgsqlDbType.Array | NpgsqlDbType.Text);

    public Statement WithAll(IEnumerable<bool> values) => Add<bool[]>([.. values], NpgsqlDbType.Array | NpgsqlDbType.Boolean);

    public Statement WithAll(IEnumerable<long> values) => Add<long[]>([.. values], NpgsqlDbType.Array | NpgsqlDbType.Bigint);

    public Statement WithNoNumbers() => AddNull(NpgsqlDbType.Array | NpgsqlDbType.Bigint);

    public Statement WithAll(IEnumerable<long?> values) => Add<long?[]>([.. values], NpgsqlDbType.Array | NpgsqlDbType.Bigint);

    /// <summary>Keys of calendars, and whatever else is an integer.</summary>
    public Statement WithKeys(IEnumerable<long> values) =>
        Add<int[]>([.. values.Select(value => checked((int)value))], NpgsqlDbType.Array | NpgsqlDbType.Integer);

    public Statement WithNoKeys() => AddNull(NpgsqlDbType.Array | NpgsqlDbType.Integer);

    /// <summary>One letter each, for the internal type "char".</summary>
    public Statement WithLetters(IEnumerable<char> letters) => Add<string[]>([.. letters.Select(Letters.Text)], NpgsqlDbType.Array | NpgsqlDbType.Text);

    public Statement WithAllBytes(IEnumerable<byte[]?> values) => Add<byte[]?[]>([.. values], NpgsqlDbType.Array | NpgsqlDbType.Bytea);

    public Statement WithTimes(IEnumerable<long> seconds) =>
        Add<long[]>([.. seconds.Select(Seconds.ToStored)], NpgsqlDbType.Array | NpgsqlDbType.TimestampTz);

    public Statement WithTimesOrNull(IEnumerable<long?> seconds) => Add<long?[]>(
        [.. seconds.Select(value => value is { } known ? Seconds.ToStored(known) : (long?)null)], NpgsqlDbType.Array | NpgsqlDbType.TimestampTz);

    public Statement WithJsons(IEnumerable<byte[]?> utf8) => Add<byte[]?[]>([.. utf8], NpgsqlDbType.Array | NpgsqlDbType.Json);

    private Statement Add<T>(T value, NpgsqlDbType type)
    {
        if (value is null)
        {
            return AddNull(type);
        }

        Command.Parameters.Add(new NpgsqlParameter<T> { TypedValue = value, NpgsqlDbType = type });
        return this;
    }

    private Statement AddNull(NpgsqlDbType type)
    {
        Command.Parameters.Add(new NpgsqlParameter { Value = DBNull.Value, NpgsqlDbType = type });
        return this;
    }
}

/// <summary>The row a reader stands on. Columns count from 0.</summary>
internal readonly struct Row(NpgsqlDataReader reader)
{
    public bool IsNull(int column) => reader.IsDBNull(column);

    public long Long(int column) => reader.GetInt64(column);

    public int Integer(int column) => reader.GetInt32(column);

    public bool Bool(int column) => reader.GetBoolean(column);

    public Guid Guid(int column) => reader.GetGuid(column);

    public Guid? GuidOrNull(int column) => IsNull(column) ? null : Guid(column);

    public string Text(int column) => Texts.FromStored(reader.GetString(column));

    public string? TextOrNull(int column) => IsNull(column) ? null : Text(column);

    public string[] TextArray(int column) => [.. reader.GetFieldValue<string[]>(column).Select(Texts.FromStored)];

    /// <summary>Bytes, or json as UTF-8.</summary>
    public byte[] Bytes(int column) => reader.GetFieldValue<byte[]>(column);

    /// <summary>What no character is hidden in: JSON as it was written, and what the database itself says.</summary>
    public string Plain(int column) => reader.GetString(column);

    /// <summary>The internal type "char".</summary>
    public char Letter(int column) => reader.GetChar(column);

    /// <summary>Seconds since 1970.</summary>
    public long Time(int column) => Seconds.FromStored(reader.GetFieldValue<long>(column));

    /// <summary>To the millisecond.</summary>
    public Instant Moment(int column) => Seconds.MomentOf(reader.GetFieldValue<long>(column));

    public long[] Longs(int column) => reader.GetFieldValue<long[]>(column);

    /// <summary>A pg_lsn.</summary>
    public ulong LogPlace(int column) => (ulong)reader.GetFieldValue<NpgsqlLogSequenceNumber>(column);

    /// <summary>A moment to the microsecond, for telling it from others alone.</summary>
    public long Microsecond(int column) => reader.GetFieldValue<long>(column);

    public IReadOnlyList<long> Keys(int column) => [.. reader.GetFieldValue<int[]>(column).Select(key => (long)key)];
}
