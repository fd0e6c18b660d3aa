namespace Kalends.Storage.Postgres;

/// <summary>
/// The second wall between tenants: a role that serves sees only the rows of the tenant that its transaction named. The name holds for that
/// transaction alone, so a connection never takes one tenant's view along to the next; who names none sees nothing. For the owner of the tables, who
/// sees everything, nothing is named.
/// </summary>
internal static class RowSecurity
{
    public const string IsOff =
        "The database shows this user the rows of all tenants: serve as a role of its own, see kalends migrate --service-role";

    /// <summary>A look at a tenant's row that names the tenant too, where that is needed; the second column is null where it is not.</summary>
    public const string FindTenantSql = """
        SELECT key, CASE WHEN row_security_active('calendar') THEN set_config('kalends.tenant', key::text, true) END FROM tenant WHERE name = $1
        """;

    private const string NameSql = "SELECT set_config('kalends.tenant', $1::text, true)";

    private const string IsActiveSql = "SELECT row_security_active('calendar')";

    /// <summary>For the transaction that has just begun.</summary>
    public static Statement Name(long tenant) => new Statement(NameSql).WithInteger(tenant).Reading(_ => { });

    public static async ValueTask<bool> IsActive(Wire wire, CancellationToken stopped)
    {
        var active = false;
        await wire.Run(new Statement(IsActiveSql).Reading(row => active = row.Bool(0)), stopped);
        return active;
    }

    /// <summary>What looks through all tenants would see none of them, and must not call that sound or whole.</summary>
    public static async ValueTask RequireSightOfAll(Wire wire, CancellationToken stopped)
    {
        if (await IsActive(wire, stopped))
        {
            throw new StoreUnavailableException(
                "This looks through all tenants, and the database shows this user one at a time: use the connection of the owner of the tables.");
        }
    }
}
