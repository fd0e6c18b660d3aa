using Kalends.Permissions;

namespace Kalends.Storage.Postgres;

/// <summary>
/// Relation tuples. Nothing here counts as read before a lock (<see cref="ReadBefore"/>): who may do something is decided once, and looked at again by
/// its version.
/// </summary>
internal sealed class RelationRows(PostgresSession session) : IRelationWrites
{
    private const string Columns = "object, relation, subject";

    // One row always: most tenants never changed a relation.
    private const string StateSql =
        "SELECT coalesce(max(version), 0), coalesce(bool_or(default_stated), false) FROM relation_state WHERE tenant = $1";

    private const string LockSql = "SELECT version, default_stated FROM relation_state WHERE tenant = $1 FOR UPDATE";

    private const string AddStateSql = "INSERT INTO relation_state (tenant) VALUES ($1) ON CONFLICT DO NOTHING";

    private const string RaiseSql = "UPDATE relation_state SET version = version + 1, default_stated = $2 WHERE tenant = $1";

    // Each level once, so that cycles end with the depth. Three places for who asks and arrays that are unpacked: so the database expects the same of all,
    // and plans this once. As plain arrays it planned anew for each, which took as long as the rest.
    private const string Mine = """
        WITH RECURSIVE mine (subject, depth) AS (
            SELECT s COLLATE "C", 0 FROM (VALUES ($2[1]), ($2[2]), ($2[3])) asking (s)
            UNION
            SELECT r.object || '#member', m.depth + 1 FROM mine m JOIN relation r ON r.tenant = $1 AND r.subject = m.subject
            WHERE r.relation = 'member' AND m.depth < $3)
        """;

    private const string HeldSql = $"""
        {Mine} SELECT DISTINCT object, relation FROM relation WHERE tenant = $1 AND subject = ANY (ARRAY(SELECT DISTINCT subject FROM mine)) LIMIT $4
        """;

    // From the objects, which are few: each has a handful of tuples, where somebody may have a hundred thousand. By both at once the index is descended
    // once for each pair, which took twice as long.
    private const string HeldToSql = $"""
        {Mine}, given AS MATERIALIZED (SELECT object, relation, subject FROM relation WHERE tenant = $1 AND object = ANY (ARRAY(SELECT unnest($5))))
        SELECT DISTINCT object, relation FROM given WHERE subject IN (SELECT subject FROM mine) LIMIT $4
        """;

    private const string OfSql = $"SELECT {Columns} FROM relation WHERE tenant = $1 AND object = ANY ($2) ORDER BY object, relation, subject LIMIT $3";

    private const string NamingSql = $"SELECT {Columns} FROM relation WHERE tenant = $1 AND subject = ANY ($2) ORDER BY subject, object, relation LIMIT $3";

    private const string AddSql = $"""
        INSERT INTO relation (tenant, {Columns}) SELECT $1, n.* FROM unnest($2, $3, $4) n ({Columns}) ORDER BY 2, 3, 4 ON CONFLICT DO NOTHING
        """;

    private const string RemoveSql = $"""
        DELETE FROM relation r USING unnest($2, $3, $4) n ({Columns})
        WHERE r.tenant = $1 AND r.object = n.object AND r.relation = n.relation AND r.subject = n.subject
        """;

    public static Statement Looking(PostgresSession session) => session.Prepare(StateSql)
        .Reading(row => session.Relations = new(row.Long(0), row.Bool(1)));

    public async ValueTask<RelationsState> State()
    {
        if (session.Relations is null)
        {
            await session.Run(Looking(session));
        }

        return session.Relations!.Value;
    }

    public ValueTask<IReadOnlyList<HeldRelation>> HeldBy(IReadOnlyCollection<string> subjects, IReadOnlyCollection<string>? objects, int limit)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(subjects.Count, AccessSchema.MostSubjects);
        var asking = session.Prepare(objects is null ? HeldSql : HeldToSql).WithAll(subjects).WithInteger(AccessSchema.DeepestGroups).With((long)limit);
        return Read(objects is null ? asking : asking.WithAll(objects), row => new HeldRelation(row.Text(0), row.Text(1)));
    }

    public ValueTask<IReadOnlyList<RelationTuple>> Of(IReadOnlyCollection<string> objects, int limit) =>
        Read(session.Prepare(OfSql).WithAll(objects).With((long)limit), Tuple);

    public ValueTask<IReadOnlyList<RelationTuple>> Naming(IReadOnlyCollection<string> subjects, int limit) =>
        Read(session.Prepare(NamingSql).WithAll(subjects).With((long)limit), Tuple);

    public async ValueTask<RelationsState> Lock()
    {
        await session.Run(
            session.Prepare(AddStateSql), session.Prepare(LockSql).Reading(row => session.Relations = new(row.Long(0), row.Bool(1))));
        session.HasWritten = true;
        return session.Relations!.Value;
    }

    public ValueTask<int> Add(IReadOnlyCollection<RelationTuple> tuples) => Change(AddSql, tuples);

    public ValueTask<int> Remove(IReadOnlyCollection<RelationTuple> tuples) => Change(RemoveSql, tuples);

    public ValueTask Raise(bool isDefaultStated)
    {
        session.Later(session.Prepare(RaiseSql).With(isDefaultStated));
        return ValueTask.CompletedTask;
    }

    private async ValueTask<int> Change(string constantSql, IReadOnlyCollection<RelationTuple> tuples)
    {
        var statement = session.Prepare(constantSql).WithAll(tuples.Select(tuple => tuple.Object)).WithAll(tuples.Select(tuple => tuple.Relation))
            .WithAll(tuples.Select(tuple => tuple.Subject));
        session.HasWritten = true;
        await session.Run(statement);
        return statement.Changed;
    }

    private async ValueTask<IReadOnlyList<T>> Read<T>(Statement statement, Func<Row, T> row)
    {
        var found = new List<T>();
        await session.Run(statement.Reading(at => found.Add(row(at))));
        return found;
    }

    private static RelationTuple Tuple(Row row) => new() { Object = row.Text(0), Relation = row.Text(1), Subject = row.Text(2) };
}
