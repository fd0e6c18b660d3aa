using System.Text;
using Npgsql;
using NpgsqlTypes;

namespace Kalends.Bench.Postgres;

/// <summary>
/// What a save comes to in SQL, in one round trip and one transaction, with nothing around it: calendars locked, appointments, attendances, command,
/// trail, outbox, change log and versions written as the store writes them, into the store's own tables. Nothing is read, checked or worked out.
/// </summary>
public sealed class BarePostgres(NpgsqlDataSource source, bool inOrder)
{
    private static readonly byte[] Body = Encoding.UTF8.GetBytes($$"""{"title":"{{new string('x', 700)}}"}""");

    private long number;

    /// <param name="calendars">Keys; of each appointment the first owns it.</param>
    public async Task Save(IReadOnlyList<int[]> calendars)
    {
        await using var connection = await source.OpenConnectionAsync();
        await using var batch = new NpgsqlBatch(connection);
        List<(int Calendar, int Index)> attendees = [.. calendars.SelectMany((keys, index) => keys.Select(key => (key, index)))];
        var ids = calendars.Select(_ => Guid.CreateVersion7()).ToArray();
        var start = Interlocked.Increment(ref number) * 3_600_000_000;
        var starts = calendars.Select((_, index) => start + (index * 3_600_000_000)).ToArray();
        var ends = starts.Select(at => at + 1_800_000_000).ToArray();
        var keys = attendees.Select(one => one.Calendar).Distinct().Order().ToArray();
        // Without the order of commits numbers come from where nobody waits.
        const string Taken = "UPDATE tenant_sequence SET last = last + $1 WHERE tenant = 1";
        var last = inOrder ? "(SELECT last FROM tenant_sequence WHERE tenant = 1)" : "(1000000000000 + (10000 * currval('bench_number')))";
        Add(batch, "BEGIN");
        Add(batch, "SELECT * FROM calendar WHERE tenant = 1 AND key = ANY ($1) ORDER BY key FOR NO KEY UPDATE", keys);
        Add(batch, """
            INSERT INTO appointment (tenant, id, uid, version, owner, privacy, start_at, end_at, all_day, title, body)
            SELECT 1, n.id, n.id::text, 1, n.owner, 0, n.start_at, n.end_at, false, 'Budget', n.body
            FROM unnest($1, $2, $3, $4, $5) n (id, owner, start_at, end_at, body)
            """, ids, calendars.Select(one => one[0]).ToArray(), Times(starts), Times(ends), Jsons(calendars.Count));
        Add(batch, """
            INSERT INTO attendance (tenant, calendar, start_at, end_at, appointment, busy, privacy, owner, all_day)
            SELECT 1, n.calendar, n.start_at, n.end_at, n.id, 2, 0, 1, false FROM unnest($1, $2, $3, $4) n (calendar, start_at, end_at, id)
            """, attendees.Select(one => one.Calendar).ToArray(), Times([.. attendees.Select(one => starts[one.Index])]),
            Times([.. attendees.Select(one => ends[one.Index])]), attendees.Select(one => ids[one.Index]).ToArray());
        var command = Guid.CreateVersion7();
        Add(batch, "INSERT INTO command (tenant, id, at, person, app, name, data) VALUES (1, $1, now(), 'user:ana', 'bench', 'save-appointments', '{}')", command);
        if (inOrder)
        {
            Add(batch, Taken, (long)calendars.Count);
        }
        else
        {
            Add(batch, "SELECT nextval('bench_number')");
        }

        Add(batch, $"""
            INSERT INTO trail (tenant, seq, command, appointment, kind, version, after)
            SELECT 1, {last} - $1 + n.place, $2, n.id, 'created', 1, n.body FROM unnest($3, $4) WITH ORDINALITY n (id, body, place)
            """, (long)calendars.Count, command, ids, Jsons(calendars.Count));
        Add(batch, $$"""
            INSERT INTO outbox (tenant, trail, id, type, subject, time, data)
            SELECT 1, {{last}} - $1 + n.place, n.id::text, 'kalends.appointment.created.v1', n.id::text, now(), '{"id":1}'
            FROM unnest($2) WITH ORDINALITY n (id, place)
            """, (long)calendars.Count, ids);
        Add(batch, $"""
            INSERT INTO calendar_change (tenant, calendar, appointment, seq, version, created_seq, deleted)
            SELECT 1, n.calendar, n.id, {last} - $1 + n.place, 1, {last} - $1 + n.place, false FROM unnest($2, $3, $4) n (calendar, id, place)
            """, (long)calendars.Count, attendees.Select(one => one.Calendar).ToArray(), attendees.Select(one => ids[one.Index]).ToArray(),
            attendees.Select(one => one.Index + 1L).ToArray());
        Add(batch, $"UPDATE calendar SET version = {last} WHERE tenant = 1 AND key = ANY ($1)", keys);
        Add(batch, "COMMIT");
        await batch.ExecuteNonQueryAsync();
    }

    private static NpgsqlParameter<long[]> Times(long[] stored) => new() { TypedValue = stored, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz };

    private static NpgsqlParameter<byte[][]> Jsons(int count) => new()
    {
        TypedValue = [.. Enumerable.Repeat(Body, count)],
        NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Json,
    };

    private static void Add(NpgsqlBatch batch, string sql, params object[] values)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var value in values)
        {
            command.Parameters.Add(value as NpgsqlParameter ?? new NpgsqlParameter { Value = value });
        }

        batch.BatchCommands.Add(command);
    }
}
