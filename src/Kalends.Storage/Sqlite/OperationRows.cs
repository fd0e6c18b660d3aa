using Kalends.Messages;
using Kalends.Operations;
using NodaTime;

namespace Kalends.Storage.Sqlite;

/// <summary>Asynchronous commands. Each that is added forgets a few that are too old, so the table stays as large as a day and needs no sweeper.</summary>
internal sealed class OperationRows(SqliteSession session) : IOperationWrites
{
    private const string FindSql = """
        SELECT status, person, app, scopes, command, request, key, request_id, created_at, answer FROM operation
        WHERE tenant = ?1 AND id = ?2 AND created_at >= ?3
        """;

    private const string AddSql = """
        INSERT INTO operation (tenant, id, created_at, status, scopes, person, app, command, key, request_id, request)
        VALUES (?1, ?2, ?3, 'waiting', ?4, ?5, ?6, ?7, ?8, ?9, ?10)
        """;

    private const string ForgetSql = """
        DELETE FROM operation WHERE rowid IN (SELECT rowid FROM operation WHERE tenant = ?1 AND created_at < ?2 ORDER BY created_at LIMIT 10)
        """;

    private const string ForgetOneSql = "DELETE FROM operation WHERE tenant = ?1 AND id = ?3 AND created_at < ?2";

    private const string ChangeSql = "UPDATE operation SET status = ?3, answer = ?4 WHERE tenant = ?1 AND id = ?2";

    public ValueTask<Operation?> Find(Guid id, Instant notBefore)
    {
        var row = session.Prepare(FindSql).With(id).With(notBefore == Instant.MinValue ? long.MinValue : notBefore.ToUnixTimeMilliseconds());
        return ValueTask.FromResult(!row.Step() ? null : new Operation
        {
            Id = id,
            Status = StoredStatus.Read(row.Text(0)),
            Person = new(row.Text(1)),
            App = row.Text(2),
            Scopes = (Scopes)row.Long(3),
            Command = row.Text(4),
            Request = row.Bytes(5),
            Key = row.Text(6),
            RequestId = row.TextOrNull(7),
            CreatedAt = Instant.FromUnixTimeMilliseconds(row.Long(8)),
            Answer = row.IsNull(9) ? null : row.Bytes(9),
        });
    }

    public ValueTask Add(Operation operation)
    {
        var old = (operation.CreatedAt - Operation.KeptFor).ToUnixTimeMilliseconds();
        session.Prepare(ForgetSql).With(old).Run();
        session.Prepare(ForgetOneSql).With(old).With(operation.Id).Run();
        session.Prepare(AddSql).With(operation.Id).With(operation.CreatedAt.ToUnixTimeMilliseconds()).With((long)operation.Scopes)
            .With(operation.Person.Value).With(operation.App).With(operation.Command).With(operation.Key).With(operation.RequestId)
            .WithJson(operation.Request).Run();
        return ValueTask.CompletedTask;
    }

    public ValueTask Change(Guid id, OperationStatus status, byte[]? answer)
    {
        session.Prepare(ChangeSql).With(id).With(StoredStatus.Of(status)).WithJson(answer).Run();
        return ValueTask.CompletedTask;
    }
}
