using System.Diagnostics;
using System.Globalization;
using Kalends.Appointments;
using Kalends.Availability;
using Kalends.Bench.Load;
using Kalends.Messages.Json;
using Kalends.Storage;
using Kalends.Storage.Postgres;
using NodaTime;
using Npgsql;
using NpgsqlTypes;

namespace Kalends.Bench.Postgres;

/// <summary>
/// Fills a database with a company's year as saves would leave it, row by row the same, but by COPY with a progress line: appointments, attendances and
/// change log, in the order in which people made them, so that rows of one person lie scattered. Trail, outbox and commands are left out; what
/// is measured reads none of them, and <c>counted_from</c> says that counting begins after it.
/// </summary>
public sealed class PostgresCompany(NpgsqlDataSource source, Company company)
{
    private const int PerCopy = 20_000;

    private static readonly Instant FirstMade = Instant.FromUtc(2025, 12, 29, 8, 0);

    private readonly Dictionary<CalendarId, Storage.Calendar> calendars = Enumerable.Range(0, company.People).ToDictionary(
        Company.Person, person => Storage.Calendar.Implied(Company.Person(person)) with { Key = person + 1 });

    private readonly Dictionary<long, long> versions = [];

    public long Appointments { get; private set; }

    public long Attendances { get; private set; }

    /// <summary>Adds the people and their year.</summary>
    public async Task Fill()
    {
        await Execute("INSERT INTO tenant (key, name) OVERRIDING SYSTEM VALUE VALUES (1, 'load') ON CONFLICT DO NOTHING");
        await Execute($"""
            INSERT INTO calendar (tenant, key, id, kind, double_booking) OVERRIDING SYSTEM VALUE
            SELECT 1, 1 + n, 'user:p' || lpad(n::text, 5, '0'), 'user', 'allow' FROM generate_series(0, {company.People - 1}) n
            """);
        await Execute("SELECT setval(pg_get_serial_sequence('calendar', 'key'), (SELECT max(key) FROM calendar))");
        var began = Stopwatch.GetTimestamp();
        var expected = company.People * 1_300.0;
        foreach (var batch in company.Appointments().Chunk(PerCopy))
        {
            await Copy([.. batch.Select(Booked)]);
            var share = Math.Min(1, Attendances / expected);
            var left = TimeSpan.FromSeconds(Stopwatch.GetElapsedTime(began).TotalSeconds * (1 - share) / share);
            await Console.Error.WriteAsync($"\rfilling: {Appointments:N0} appointments, {Attendances:N0} attendances, {share:P0}, {left:m\\:ss} left  ");
        }

        await Execute("""
            UPDATE calendar c SET version = g.version, counted_from = g.version
            FROM (SELECT calendar, max(calendar_version) AS version FROM calendar_change WHERE tenant = 1 GROUP BY 1) g
            WHERE c.tenant = 1 AND c.key = g.calendar
            """);
        await Console.Error.WriteLineAsync();
    }

    private Booking Booked(Appointment sent)
    {
        var made = FirstMade.Plus(Duration.FromMilliseconds(++Appointments * 1_000));
        var id = Guid.CreateVersion7(made.ToDateTimeOffset());
        return Bookings.Of(
            Completion.Retimed(sent with
            {
                Id = id,
                Uid = $"{id}@kalends",
                Version = 1,
                Status = AppointmentStatus.Confirmed,
                // Most say where and what; one in five says more.
                Description = Appointments % 5 == 0 ? sent.Description : null,
                AllDay = false,
                Owner = sent.Owner,
                Attendees = [.. sent.Attendees!.DistinctBy(attendee => attendee.Calendar).Select((attendee, place) => attendee with
                {
                    Role = place == 0 ? AttendeeRole.Chair : AttendeeRole.Required,
                })],
                FreeBusyStatus = FreeBusyStatus.Busy,
                Privacy = Privacy.Public,
                App = "web",
                ManagedByApp = false,
                Originator = sent.Owner,
                CreatedAt = made,
                UpdatedAt = made,
            }),
            calendars);
    }

    private async Task Copy(IReadOnlyList<Booking> bookings)
    {
        Attendances += bookings.Sum(booking => booking.Attendances.Count);
        await using var connection = await source.OpenConnectionAsync();
        await using (var rows = await connection.BeginBinaryImportAsync(
            "COPY appointment (start_at, end_at, tenant, owner, version, id, privacy, all_day, calendars, title, body) FROM STDIN (FORMAT binary)"))
        {
            foreach (var booking in bookings)
            {
                var row = booking.Appointment;
                await rows.StartRowAsync();
                await Times(rows, row.From, row.To);
                await rows.WriteAsync(1, NpgsqlDbType.Integer);
                await rows.WriteAsync((int)row.Owner, NpgsqlDbType.Integer);
                await rows.WriteAsync(1, NpgsqlDbType.Integer);
                await rows.WriteAsync(row.Id, NpgsqlDbType.Uuid);
                await rows.WriteAsync('p', NpgsqlDbType.InternalChar);
                await rows.WriteAsync(false, NpgsqlDbType.Boolean);
                await rows.WriteAsync(booking.Calendars.Select(key => (int)key).ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Integer);
                await rows.WriteAsync(row.Title!, NpgsqlDbType.Text);
                await rows.WriteAsync(Bodies.Pack(row.Json, new(row.Id, row.From, row.To, null)), NpgsqlDbType.Bytea);
            }

            await rows.CompleteAsync();
        }

        var attendances = bookings.SelectMany(booking => booking.Attendances).ToList();
        await using (var rows = await connection.BeginBinaryImportAsync(
            "COPY attendance (start_at, end_at, tenant, calendar, owner, appointment, busy, privacy, all_day) FROM STDIN (FORMAT binary)"))
        {
            foreach (var row in attendances)
            {
                await rows.StartRowAsync();
                await Times(rows, row.From, row.To);
                await rows.WriteAsync(1, NpgsqlDbType.Integer);
                await rows.WriteAsync((int)row.Calendar, NpgsqlDbType.Integer);
                await rows.WriteAsync((int)row.Owner, NpgsqlDbType.Integer);
                await rows.WriteAsync(row.Appointment, NpgsqlDbType.Uuid);
                await rows.WriteAsync('b', NpgsqlDbType.InternalChar);
                await rows.WriteAsync('p', NpgsqlDbType.InternalChar);
                await rows.WriteAsync(false, NpgsqlDbType.Boolean);
            }

            await rows.CompleteAsync();
        }

        await using (var rows = await connection.BeginBinaryImportAsync(
            "COPY calendar_change (calendar_version, created_with, tenant, calendar, version, appointment, deleted) FROM STDIN (FORMAT binary)"))
        {
            foreach (var row in attendances)
            {
                var version = versions[row.Calendar] = versions.GetValueOrDefault(row.Calendar) + 1;
                await rows.StartRowAsync();
                await rows.WriteAsync(version, NpgsqlDbType.Bigint);
                await rows.WriteAsync(version, NpgsqlDbType.Bigint);
                await rows.WriteAsync(1, NpgsqlDbType.Integer);
                await rows.WriteAsync((int)row.Calendar, NpgsqlDbType.Integer);
                await rows.WriteAsync(1, NpgsqlDbType.Integer);
                await rows.WriteAsync(row.Appointment, NpgsqlDbType.Uuid);
                await rows.WriteAsync(false, NpgsqlDbType.Boolean);
            }

            await rows.CompleteAsync();
        }
    }

    private static async Task Times(NpgsqlBinaryImporter rows, long from, long to)
    {
        await rows.WriteAsync(Seconds.ToStored(from), NpgsqlDbType.TimestampTz);
        await rows.WriteAsync(Seconds.ToStored(to), NpgsqlDbType.TimestampTz);
    }

    private async Task Execute(string sql)
    {
        await using var command = source.CreateCommand(sql);
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync();
    }
}
