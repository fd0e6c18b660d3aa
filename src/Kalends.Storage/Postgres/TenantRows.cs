namespace Kalends.Storage.Postgres;

/// <summary>A tenant's key, and its last trail number as the session began.</summary>
internal readonly record struct TenantPlace(long Key, long Last)
{
    /// <summary>The key that no tenant has: nothing is found under it.</summary>
    public static readonly TenantPlace Unknown = new(0, 0);
}

/// <summary>Tenants and their small keys, which lead every other row.</summary>
internal static class TenantRows
{
    private const string FindSql = "SELECT t.key, s.last FROM tenant t JOIN tenant_sequence s ON s.tenant = t.key WHERE t.name = $1";

    private const string AddSql = "INSERT INTO tenant (name) VALUES ($1) ON CONFLICT DO NOTHING";

    private const string BeginCountingSql =
        "INSERT INTO tenant_sequence (tenant) SELECT key FROM tenant WHERE name = $1 ON CONFLICT DO NOTHING";

    private const string LastSql = "SELECT last FROM tenant_sequence WHERE tenant = $1";

    private const string NamesSql = "SELECT name FROM tenant ORDER BY name";

    /// <summary>Begins a transaction and finds the tenant in one round trip.</summary>
    public static async ValueTask<TenantPlace?> Begin(Wire wire, string beginSql, string name, CancellationToken stopped)
    {
        TenantPlace? place = null;
        await wire.Run([new(beginSql), Find(name, found => place = found)], stopped);
        return place;
    }

    /// <summary>Begins a transaction of a tenant whose key is known, with the session's first statement.</summary>
    public static void BeginLater(PostgresSession session, string beginSql)
    {
        session.Later(new(beginSql));
        session.Later(session.Prepare(LastSql).Reading(row => session.ReadBefore.Last = row.Long(0)));
    }

    /// <summary>Waits while another session adds the same one.</summary>
    public static async ValueTask<TenantPlace> Add(Wire wire, string name, CancellationToken stopped)
    {
        var place = TenantPlace.Unknown;
        await wire.Run(
            [new Statement(AddSql).With(name), new Statement(BeginCountingSql).With(name), Find(name, found => place = found)], stopped);
        return place;
    }

    public static async ValueTask<List<string>> Names(Wire wire, CancellationToken stopped)
    {
        var names = new List<string>();
        await wire.Run(new Statement(NamesSql).Reading(row => names.Add(row.Text(0))), stopped);
        return names;
    }

    private static Statement Find(string name, Action<TenantPlace> found) =>
        new Statement(FindSql).With(name).Reading(row => found(new(row.Integer(0), row.Long(1))));
}
