namespace Kalends.Storage.Copying;

/// <summary>What a column means, whatever a store makes of it: times are seconds since 1970, sets of few are numbers.</summary>
internal enum Kind
{
    /// <summary>At most 32 bits.</summary>
    Integer,
    Long,
    Moment,
    Bool,
    Text,
    Texts,
    Id,
    Bytes,
    Json,
    Privacy,
    Busyness,

    /// <summary>Keys of calendars: of an array of them, or of an object that says something of each.</summary>
    Keys,

    /// <summary>What such an object says: the version of each calendar.</summary>
    Versions,
}

/// <param name="Name">As PostgreSQL calls it.</param>
/// <param name="Kind">What it means.</param>
/// <param name="InSqlite">How SQLite says it, where not by the same name; x is the table.</param>
internal sealed record Column(string Name, Kind Kind, string? InSqlite = null);

/// <summary>
/// One table as both stores have it. The first column is the tenant's key. The rows of SQLite come in one order always, so that what is copied is
/// told by a number of rows.
/// </summary>
internal sealed record CopiedTable(string Name, string Order, params Column[] Columns)
{
    public string FromInSqlite { private get; init; } = Name + " x";

    public string ReadSqlite => field ??=
        $"SELECT {string.Join(", ", Columns.Select(column => column.InSqlite ?? "x." + column.Name))} FROM {FromInSqlite} ORDER BY {Order} LIMIT -1 OFFSET ?1";

    public string CountSqlite => field ??= $"SELECT count(*) FROM {Name}";

    public string ReadPostgres => field ??= $"SELECT {Names} FROM {Name}";

    public string CopyIntoPostgres => field ??= $"COPY {Name} ({Names}) FROM STDIN (FORMAT binary)";

    private string Names => string.Join(", ", Columns.Select(column => column.Name));
}
