using NodaTime;

namespace Kalends.Storage.Postgres;

/// <summary>Tenants and their small keys, which lead every other row.</summary>
internal static class TenantRows
{
    /// <summary>The key that no tenant has: nothing is found under it.</summary>
    public const long Unknown = 0;

    private const string AddSql = "INSERT INTO tenant (name) VALUES ($1) ON CONFLICT DO NOTHING";

    private const string NamesSql = "SELECT name FROM tenant WHERE name <> '' ORDER BY name";

    private const string ToRemindSql = "SELECT * FROM tenants_to_remind($1)";

    /// <summary>Begins a transaction, finds the tenant and names it to row security in one round trip.</summary>
    public static async ValueTask<KnownTenant?> Begin(Wire wire, IEnumerable<Statement> beginning, string name, CancellationToken stopped)
    {
        KnownTenant? known = null;
        await wire.Run([.. beginning, Find(name, found => known = found)], stopped);
        return known;
    }

    /// <summary>Waits while another session adds the same one.</summary>
    public static async ValueTask<long> Add(Wire wire, string name, CancellationToken stopped)
    {
        var key = Unknown;
        await wire.Run([new Statement(AddSql).With(name), Find(name, found => key = found.Key)], stopped);
        return key;
    }

    public static ValueTask<List<string>> Names(Wire wire, CancellationToken stopped) => Names(NamesSql, wire, stopped);

    public static ValueTask<List<string>> NamesWithWebhooks(Wire wire, CancellationToken stopped) =>
        Names("SELECT n FROM tenants_with_webhooks() n", wire, stopped);

    private static async ValueTask<List<string>> Names(string constantSql, Wire wire, CancellationToken stopped)
    {
        var names = new List<string>();
        await wire.Run(new Statement(constantSql).Reading(row => names.Add(row.Text(0))), stopped);
        return names;
    }

    public static async ValueTask<List<string>> ToRemind(Wire wire, Instant until, CancellationToken stopped)
    {
        var names = new List<string>();
        await wire.Run(new Statement(ToRemindSql).WithMoment(until).Reading(row => names.Add(row.Text(0))), stopped);
        return names;
    }

    private static Statement Find(string name, Action<KnownTenant> found) =>
        new Statement(RowSecurity.FindTenantSql).With(name).Reading(row => found(new(row.Integer(0), !row.IsNull(1))));
}

/// <summary>A tenant's key, and whether each transaction must name it (<see cref="RowSecurity"/>).</summary>
internal readonly record struct KnownTenant(long Key, bool MustBeNamed);
