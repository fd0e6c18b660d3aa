using System.Text.Json;
using Kalends.Permissions;

namespace Kalends.Storage.Sqlite;

/// <summary>Relation tuples, and which version of them it is.</summary>
internal sealed class RelationRows(SqliteSession session) : IRelationWrites
{
    private const string Columns = "object, relation, subject";

    private const string StateSql = "SELECT version, default_stated FROM relation_state WHERE tenant = ?1";

    private const string RaiseSql = """
        INSERT INTO relation_state (tenant, version, default_stated) VALUES (?1, 1, ?2)
        ON CONFLICT (tenant) DO UPDATE SET version = version + 1, default_stated = ?2
        """;

    // Each level once, so that cycles end with the depth.
    private const string Mine = """
        WITH RECURSIVE mine (subject, depth) AS (
            SELECT value, 0 FROM json_each(?2)
            UNION
            SELECT r.object || '#member', mine.depth + 1 FROM mine CROSS JOIN relation r ON r.tenant = ?1 AND r.subject = mine.subject
            WHERE r.relation = 'member' AND mine.depth < ?3)
        """;

    private const string HeldSql = $"""
        {Mine} SELECT DISTINCT r.object, r.relation FROM (SELECT DISTINCT subject FROM mine) mine CROSS JOIN relation r
        ON r.tenant = ?1 AND r.subject = mine.subject LIMIT ?4
        """;

    private const string HeldToSql = $"""
        {Mine} SELECT DISTINCT r.object, r.relation FROM (SELECT DISTINCT subject FROM mine) mine CROSS JOIN json_each(?5) o CROSS JOIN relation r
        ON r.tenant = ?1 AND r.subject = mine.subject AND r.object = o.value LIMIT ?4
        """;

    private const string OfSql = $"""
        SELECT {Columns} FROM json_each(?2) o CROSS JOIN relation ON tenant = ?1 AND object = o.value ORDER BY object, relation, subject LIMIT ?3
        """;

    private const string NamingSql = $"""
        SELECT {Columns} FROM json_each(?2) s CROSS JOIN relation ON tenant = ?1 AND subject = s.value ORDER BY subject, object, relation LIMIT ?3
        """;

    private const string AddSql = $"INSERT INTO relation (tenant, {Columns}) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";

    private const string RemoveSql = "DELETE FROM relation WHERE tenant = ?1 AND object = ?2 AND relation = ?3 AND subject = ?4";

    public ValueTask<RelationsState> State()
    {
        var row = session.Prepare(StateSql);
        return ValueTask.FromResult(row.Step() ? new RelationsState(row.Long(0), row.Bool(1)) : default);
    }

    public ValueTask<IReadOnlyList<HeldRelation>> HeldBy(IReadOnlyCollection<string> subjects, IReadOnlyCollection<string>? objects, int limit)
    {
        var asking = session.Prepare(objects is null ? HeldSql : HeldToSql)
            .WithJson(JsonSerializer.SerializeToUtf8Bytes(subjects)).With(AccessSchema.DeepestGroups).With(limit);
        return Read(
            objects is null ? asking : asking.WithJson(JsonSerializer.SerializeToUtf8Bytes(objects.Distinct())),
            row => new HeldRelation(row.Text(0), row.Text(1)));
    }

    public ValueTask<IReadOnlyList<RelationTuple>> Of(IReadOnlyCollection<string> objects, int limit) => Read(
        session.Prepare(OfSql).WithJson(JsonSerializer.SerializeToUtf8Bytes(objects.Distinct())).With(limit), Tuple);

    public ValueTask<IReadOnlyList<RelationTuple>> Naming(IReadOnlyCollection<string> subjects, int limit) => Read(
        session.Prepare(NamingSql).WithJson(JsonSerializer.SerializeToUtf8Bytes(subjects.Distinct())).With(limit), Tuple);

    /// <summary>There is one writer.</summary>
    public ValueTask<RelationsState> Lock() => State();

    public ValueTask<int> Add(IReadOnlyCollection<RelationTuple> tuples) => Change(AddSql, tuples);

    public ValueTask<int> Remove(IReadOnlyCollection<RelationTuple> tuples) => Change(RemoveSql, tuples);

    public ValueTask Raise(bool isDefaultStated)
    {
        session.Prepare(RaiseSql).With(isDefaultStated).Run();
        return ValueTask.CompletedTask;
    }

    private ValueTask<int> Change(string constantSql, IReadOnlyCollection<RelationTuple> tuples) => ValueTask.FromResult(tuples.Sum(tuple =>
        session.Prepare(constantSql).With(tuple.Object).With(tuple.Relation).With(tuple.Subject).Run()));

    private static ValueTask<IReadOnlyList<T>> Read<T>(Statement statement, Func<Statement, T> row)
    {
        var found = new List<T>();
        while (statement.Step())
        {
            found.Add(row(statement));
        }

        return ValueTask.FromResult<IReadOnlyList<T>>(found);
    }

    private static RelationTuple Tuple(Statement row) => new() { Object = row.Text(0), Relation = row.Text(1), Subject = row.Text(2) };
}
