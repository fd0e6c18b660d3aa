using Kalends.Messages;
using Kalends.Operations;
using NodaTime;

namespace Kalends.Storage.Postgres;

/// <summary>Asynchronous commands. Each that is added forgets a few that are too old, so the table stays as large as a day and needs no sweeper.</summary>
internal sealed class OperationRows(PostgresSession session) : IOperationWrites
{
    private const string FindSql = """
        SELECT status, person, app, scopes, command, request, key, request_id, created_at, answer FROM operation
        WHERE tenant = $1 AND id = $2 AND created_at >= $3
        """;

    private const string FindAndLockSql = $"{FindSql} FOR UPDATE";

    private const string AddSql = """
        INSERT INTO operation (tenant, id, created_at, status, scopes, person, app, command, key, request_id, request)
        VALUES ($1, $2, $3, 'waiting', $4, $5, $6, $7, $8, $9, $10)
        """;

    private const string ForgetSql = """
        DELETE FROM operation WHERE tenant = $1 AND id IN
            (SELECT id FROM operation WHERE tenant = $1 AND created_at < $2 ORDER BY created_at LIMIT 10 FOR UPDATE SKIP LOCKED)
        """;

    private const string ForgetOneSql = "DELETE FROM operation WHERE tenant = $1 AND id = $3 AND created_at < $2";

    private const string ChangeSql = "UPDATE operation SET status = $3, answer = $4 WHERE tenant = $1 AND id = $2";

    public async ValueTask<Operation?> Find(Guid id, Instant notBefore) => (await session.All(
        session.Prepare(session.IsWriting ? FindAndLockSql : FindSql).With(id).WithTime(notBefore.ToUnixTimeSeconds()),
        row => new Operation
        {
            Id = id,
            Status = StoredStatus.Read(row.Text(0)),
            Person = new(row.Text(1)),
            App = row.Text(2),
            Scopes = (Scopes)row.Integer(3),
            Command = row.Text(4),
            Request = row.Bytes(5),
            Key = row.Text(6),
            RequestId = row.TextOrNull(7),
            CreatedAt = row.Moment(8),
            Answer = row.IsNull(9) ? null : row.Bytes(9),
        })).SingleOrDefault();

    public ValueTask Add(Operation operation)
    {
        var old = operation.CreatedAt - Operation.KeptFor;
        session.Later(session.Prepare(ForgetSql).WithMoment(old));
        session.Later(session.Prepare(ForgetOneSql).WithMoment(old).With(operation.Id));
        session.Later(session.Prepare(AddSql).With(operation.Id).WithMoment(operation.CreatedAt).WithInteger((int)operation.Scopes)
            .With(operation.Person.Value).With(operation.App).With(operation.Command).With(operation.Key).With(operation.RequestId)
            .WithJson(operation.Request));
        return ValueTask.CompletedTask;
    }

    public ValueTask Change(Guid id, OperationStatus status, byte[]? answer)
    {
        var changing = session.Prepare(ChangeSql).With(id).With(StoredStatus.Of(status));
        session.Later(answer is null ? changing.WithNoJson() : changing.WithJson(answer));
        return ValueTask.CompletedTask;
    }
}
