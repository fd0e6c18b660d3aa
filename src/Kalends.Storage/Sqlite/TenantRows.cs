namespace Kalends.Storage.Sqlite;

/// <summary>Tenants and their small keys, which lead every other row.</summary>
internal static class TenantRows
{
    /// <summary>The key that no tenant has: nothing is found under it.</summary>
    public const long Unknown = 0;

    public static long? Key(Connection connection, string name)
    {
        var row = connection.Prepare("SELECT key FROM tenant WHERE name = ?1").With(name);
        return row.Step() ? row.Long(0) : null;
    }

    public static long Add(Connection connection, string name)
    {
        connection.Prepare("INSERT INTO tenant (name) VALUES (?1)").With(name).Run();
        return connection.LastRowId;
    }

    /// <summary>The last trail number given to it.</summary>
    public static long Last(Connection connection, long tenant)
    {
        var row = connection.Prepare("SELECT last FROM tenant WHERE key = ?1").With(tenant);
        return row.Step() ? row.Long(0) : 0;
    }

    public static List<string> ToRemind(Connection connection, long until) => Names(connection.Prepare("""
        SELECT t.name FROM tenant t WHERE t.name > '' AND (EXISTS (SELECT 1 FROM reminder_watch w WHERE w.tenant = t.key AND w.due_at <= ?1)
            OR EXISTS (SELECT 1 FROM reminder_acknowledgement a WHERE a.tenant = t.key AND a.snoozed_until <= ?1)) ORDER BY t.name
        """).With(until));

    public static List<string> Names(Connection connection) => Names(connection.Prepare("SELECT name FROM tenant WHERE name > '' ORDER BY name"));

    public static List<string> NamesWithWebhooks(Connection connection) => Names(connection.Prepare(
        "SELECT name FROM tenant WHERE key IN (SELECT tenant FROM webhook WHERE disabled_for IS NULL) ORDER BY name"));

    private static List<string> Names(Statement rows)
    {
        var names = new List<string>();
        while (rows.Step())
        {
            names.Add(rows.Text(0));
        }

        return names;
    }
}
