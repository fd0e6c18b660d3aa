namespace Kalends.Storage.Postgres;

/// <summary>Tenants and their small keys, which lead every other row.</summary>
internal static class TenantRows
{
    /// <summary>The key that no tenant has: nothing is found under it.</summary>
    public const long Unknown = 0;

    private const string FindSql = "SELECT key FROM tenant WHERE name = $1";

    private const string AddSql = "INSERT INTO tenant (name) VALUES ($1) ON CONFLICT DO NOTHING";

    private const string NamesSql = "SELECT name FROM tenant ORDER BY name";

    /// <summary>Begins a transaction and finds the tenant in one round trip.</summary>
    public static async ValueTask<long?> Begin(Wire wire, Statement[] beginning, string name, CancellationToken stopped)
    {
        long? key = null;
        await wire.Run([.. beginning, Find(name, found => key = found)], stopped);
        return key;
    }

    /// <summary>Waits while another session adds the same one.</summary>
    public static async ValueTask<long> Add(Wire wire, string name, CancellationToken stopped)
    {
        var key = Unknown;
        await wire.Run([new Statement(AddSql).With(name), Find(name, found => key = found)], stopped);
        return key;
    }

    public static async ValueTask<List<string>> Names(Wire wire, CancellationToken stopped)
    {
        var names = new List<string>();
        await wire.Run(new Statement(NamesSql).Reading(row => names.Add(row.Text(0))), stopped);
        return names;
    }

    private static Statement Find(string name, Action<long> found) => new Statement(FindSql).With(name).Reading(row => found(row.Integer(0)));
}
