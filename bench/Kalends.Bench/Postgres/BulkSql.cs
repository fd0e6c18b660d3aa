using System.Text;
using Kalends.Storage.Postgres;
using Npgsql;
using NpgsqlTypes;

namespace Kalends.Bench.Postgres;

/// <summary>
/// What a bulk save comes to in SQL: one batch of <c>unnest</c> in one transaction, rows of the size and order that the store writes, into the store's own
/// tables, in one round trip. Nothing is read, checked or worked out, and bodies are packed beforehand.
/// </summary>
public sealed class BulkSql(NpgsqlDataSource source)
{
    private static readonly byte[] Says = Encoding.UTF8.GetBytes($$"""{"title":"{{new string('x', 640)}}"}""");

    private static readonly byte[] Told = Encoding.UTF8.GetBytes($$"""{"id":"{{new string('x', 200)}}"}""");

    private static readonly byte[] Packed = [.. Enumerable.Range(0, 110).Select(n => (byte)n)];

    private long number;

    /// <param name="calendars">Keys; of each appointment the first owns it.</param>
    public async Task Save(IReadOnlyList<int[]> calendars)
    {
        await using var connection = await source.OpenConnectionAsync();
        await using var batch = new NpgsqlBatch(connection);
        List<(int Calendar, int Index)> attendees =
            [.. calendars.SelectMany((keys, index) => keys.Select(key => (Calendar: key, Index: index))).OrderBy(one => one.Calendar)];
        var ids = calendars.Select(_ => Guid.CreateVersion7()).ToArray();
        var start = Interlocked.Increment(ref number) * 3_600_000_000;
        var starts = calendars.Select((_, index) => start + (index * 3_600_000_000)).ToArray();
        var ends = starts.Select(at => at + 1_800_000_000).ToArray();
        var keys = attendees.Select(one => one.Calendar).Distinct().Order().ToArray();
        var (of, at) = (attendees.Select(one => one.Calendar).ToArray(), attendees.Select(one => ids[one.Index]).ToArray());
        Add(batch, "BEGIN");
        Add(batch, "SELECT * FROM calendar WHERE tenant = 1 AND key = ANY ($1) ORDER BY key FOR NO KEY UPDATE", keys);
        Add(batch, """
            INSERT INTO appointment (tenant, id, version, owner, privacy, start_at, end_at, all_day, title, body, calendars)
            SELECT 1, n.id, 1, n.owner, 'p', n.start_at, n.end_at, false, 'Review of work 1234', n.body, n.calendars::integer[]
            FROM unnest($1, $2, $3, $4, $5, $6) n (id, owner, start_at, end_at, body, calendars)
            """, ids, calendars.Select(one => one[0]).ToArray(), Times(starts), Times(ends), Many(Packed, calendars.Count, NpgsqlDbType.Bytea),
            calendars.Select(one => $"{{{string.Join(',', one)}}}").ToArray());
        Add(batch, """
            INSERT INTO attendance (tenant, calendar, start_at, end_at, appointment, busy, privacy, owner, all_day)
            SELECT 1, n.calendar, n.start_at, n.end_at, n.id, 'b', 'p', 1, false FROM unnest($1, $2, $3, $4) n (calendar, start_at, end_at, id)
            """, of, Times([.. attendees.Select(one => starts[one.Index])]), Times([.. attendees.Select(one => ends[one.Index])]), at);
        var command = Guid.CreateVersion7();
        Add(batch, "INSERT INTO command (tenant, id, at, person, app, name, data) VALUES (1, $1, now(), 'user:ana', 'bench', 'save-appointments', '{}')", command);
        Add(batch, """
            INSERT INTO trail (tenant, at, command, event, appointment, kind, version, after, calendars, versions)
            SELECT 1, now(), $1, n.id, n.id, 'created', 1, n.body, n.calendars::integer[], n.calendars::bigint[] FROM unnest($2, $3, $4) n (id, body, calendars)
            """, command, ids, Many(Says, calendars.Count, NpgsqlDbType.Json), calendars.Select(one => $"{{{string.Join(',', one)}}}").ToArray());
        Add(batch, """
            INSERT INTO outbox (tenant, time, id, type, subject, data)
            SELECT 1, now(), n.id, 'kalends.appointment.created.v1', n.id::text, n.data FROM unnest($1, $2) n (id, data)
            """, ids, Many(Told, calendars.Count, NpgsqlDbType.Json));
        Add(batch, """
            INSERT INTO calendar_change (tenant, calendar, appointment, calendar_version, version, created_with, deleted)
            SELECT 1, n.calendar, n.id, c.version + n.place, 1, c.version + n.place, false
            FROM unnest($1, $2) WITH ORDINALITY n (calendar, id, place) JOIN calendar c ON c.tenant = 1 AND c.key = n.calendar
            """, of, at);
        Add(batch, "UPDATE calendar SET version = version + $2, changed_in = pg_current_xact_id() WHERE tenant = 1 AND key = ANY ($1)", keys, attendees.Count);
        Add(batch, "COMMIT");
        await batch.ExecuteNonQueryAsync();
    }

    private static NpgsqlParameter<long[]> Times(long[] stored) => new() { TypedValue = stored, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz };

    private static NpgsqlParameter<byte[][]> Many(byte[] value, int count, NpgsqlDbType type) =>
        new() { TypedValue = [.. Enumerable.Repeat(value, count)], NpgsqlDbType = NpgsqlDbType.Array | type };

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
