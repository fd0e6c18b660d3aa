using System.Diagnostics;
using System.Globalization;
using Kalends.Appointments;
using Kalends.Availability;
using Kalends.Bench.Load;
using Kalends.Messages;
using Kalends.Permissions;
using Kalends.Storage;
using Kalends.Storage.Postgres;
using Kalends.Time;
using NodaTime;
using Npgsql;

namespace Kalends.Bench.Access;

/// <summary>
/// What permissions and the trail cost, on an empty PostgreSQL: a check of 50 calendars through groups three deep among many tuples; reading with
/// permissions beside reading without, in turns; saving with the trail beside saving into one that keeps nothing.
/// </summary>
public static class AccessDriver
{
    private const int Calendars = 50;

    private static readonly string[] Kept = ["command", "trail"];

    private static readonly Instant Monday = Company.FirstDay.PlusDays(7).AtMidnight().InUtc().ToInstant();

    public static async Task<int> Run(string connectionString, int tuples, int rounds, TextWriter output)
    {
        var company = new Company(60, seed: 1, weeks: rounds < 100 ? 2 : 52);
        await Filling.Run(connectionString, company);
        var relations = await Relations.Fill(connectionString, tuples, company.People);
        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture, $"{relations.Tuples:N0} tuples, {rounds} rounds; milliseconds, p50 / p95\n"));
        await using (var store = new PostgresStore(connectionString))
        {
            await Checks(store, relations.People, rounds, output);
            await Readings(store, connectionString, relations.People, rounds, output);
        }

        await Saves(connectionString, company, rounds, output);
        return 0;
    }

    /// <summary>One round trip of one session: begin, look at the version, and the check itself.</summary>
    private static async Task Checks(PostgresStore store, int people, int rounds, TextWriter output)
    {
        List<string> objects = [.. Enumerable.Range(0, Calendars).Select(number => AccessSchema.Calendar(Company.Person(number)))];
        await Check("a round trip that asks for the version alone", (rows, _) => Ask(rows.State()));
        await Check($"check of {Calendars} calendars, groups three deep, one round trip", (rows, subject) => Ask(rows.HeldBy([subject], objects, 1_001)));
        await Check("all that somebody has, as it is remembered, groups three deep, one round trip", (rows, subject) => Ask(rows.HeldBy([subject], null, 1_001)));

        Task Check(string name, Func<IRelationRows, string, Task<int>> ask) => Measure(store, people, rounds, ask, name, output);
    }

    private static async Task<int> Ask(ValueTask<IReadOnlyList<HeldRelation>> asking) => (await asking).Count;

    private static async Task<int> Ask(ValueTask<RelationsState> asking) => (await asking).Version > 0 ? 1 : 0;

    private static async Task Measure(
        PostgresStore store, int people, int rounds, Func<IRelationRows, string, Task<int>> ask, string name, TextWriter output)
    {
        var (random, times, found) = (new Random(1), new List<double>(), 0L);
        for (var round = -rounds; round < rounds; round++)
        {
            var subject = Relations.Someone + random.Next(1, people).ToString(CultureInfo.InvariantCulture);
            await using var session = await store.Read(Filling.Tenant, default);
            var rows = session.Rows<IRelationRows>();
            var began = Stopwatch.GetTimestamp();
            found += await ask(rows, subject);
            if (round >= 0)
            {
                times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            }
        }

        await output.WriteLineAsync($"{name}: {Told(times)}; found {(found > 0 ? "some" : "none")}\n");
    }

    private static async Task Readings(PostgresStore store, string connectionString, int people, int rounds, TextWriter output)
    {
        var (on, off) = (new Dispatcher(store, new RelationPermissions(), SystemClock.Instance), new Dispatcher(store, new OwnCalendarOnly(), SystemClock.Instance));
        await output.WriteLineAsync("| reading | off | on | p50 | p95 |\n| --- | ---: | ---: | ---: | ---: |");
        foreach (var (name, asked, days, changes) in new[]
        {
            ("a person's week", 1, 7, false), ("50 people's week", Calendars, 7, false), ("a person's week, just after relations changed", 1, 7, true),
        })
        {
            var query = new GetAppointments
            {
                Timespan = new(Monday, Monday + Duration.FromDays(days)), Attendees = [.. Enumerable.Range(0, asked).Select(Company.Person)], Limit = 5_000,
            };
            var (without, with, random) = (new List<double>(), new List<double>(), new Random(2));
            for (var round = -rounds; round < rounds; round++)
            {
                var person = new CalendarId(Relations.Someone + random.Next(1, Math.Min(people, 100)).ToString(CultureInfo.InvariantCulture));
                var caller = new Caller(Filling.Tenant, person, "bench", Scopes.Read);
                if (changes)
                {
                    await Relations.Raise(connectionString);
                }

                foreach (var (dispatcher, times) in new[] { (off, without), (on, with) })
                {
                    var began = Stopwatch.GetTimestamp();
                    var reply = await dispatcher.Run("get-appointments", query, caller, new(), default);
                    if (round >= 0)
                    {
                        times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
                    }

                    _ = reply.Result ?? throw new InvalidOperationException(reply.Refusal?.Detail);
                }
            }

            await output.WriteLineAsync($"| {name} | {Told(without)} | {Told(with)} | {Ratios(without, with)} |");
        }
    }

    /// <summary>
    /// One save with it, one without, in turns, so that what else the machine does meets both. Without the trail is a copy of the database whose trail
    /// has no index and is in no log, which is as near to nothing as rows can be sent.
    /// </summary>
    private static async Task Saves(string connectionString, Company company, int rounds, TextWriter output)
    {
        var bare = new NpgsqlConnectionStringBuilder(connectionString);
        bare.Database += "_bare";
        NpgsqlConnection.ClearAllPools();
        await using (var connection = new NpgsqlConnection(connectionString))
        {
            await connection.OpenAsync();
            await Relations.Run(connection, $"CREATE DATABASE {bare.Database} TEMPLATE {connection.Database}");
        }

        await using (var connection = new NpgsqlConnection(bare.ConnectionString))
        {
            await connection.OpenAsync();
            foreach (var table in Kept)
            {
                await Relations.Run(
                    connection, $"ALTER TABLE {table} RENAME TO {table}_kept; CREATE UNLOGGED TABLE {table} (LIKE {table}_kept INCLUDING DEFAULTS)");
            }
        }

        await using var with = new PostgresStore(connectionString);
        await using var without = new PostgresStore(bare.ConnectionString);
        var caller = new Caller(Filling.Tenant, new("service:load"), "bench", Scopes.Read | Scopes.Write | Scopes.Admin);
        var (random, sides) = (new Random(3), new[] { with, without }.Select(store => (Saving: Saver(store, caller), Times: new List<double>())).ToArray());
        for (var round = -rounds; round < rounds; round++)
        {
            var save = new SaveAppointments { Appointments = [Meeting(company, random)] };
            foreach (var (saving, times) in round % 2 == 0 ? sides : sides.Reverse())
            {
                var began = Stopwatch.GetTimestamp();
                _ = (await saving(save)).Result ?? throw new InvalidOperationException("not saved");
                if (round >= 0)
                {
                    times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
                }
            }
        }

        var ((_, kept), (_, none)) = (sides[0], sides[1]);
        await output.WriteLineAsync("\n| writing | without the trail | with it | p50 | p95 |\n| --- | ---: | ---: | ---: | ---: |");
        await output.WriteLineAsync($"| one save with five people | {Told(none)} | {Told(kept)} | {Ratios(none, kept)} |");
    }

    private static Func<SaveAppointments, ValueTask<Reply>> Saver(PostgresStore store, Caller caller)
    {
        var dispatcher = new Dispatcher(store, new RelationPermissions(), SystemClock.Instance);
        return save => dispatcher.Run("save-appointments", save, caller, new(), default);
    }

    private static Appointment Meeting(Company company, Random random) => new()
    {
        Owner = Company.Person(random.Next(company.People)),
        Title = "Review of work",
        Description = "Agenda: what was done, what comes next, what stands in the way. Notes are in the shared folder of the team.",
        Start = Company.FirstDay.PlusDays(random.Next(300)).AtMidnight().PlusHours(random.Next(8, 18)),
        TimeZone = "Europe/Paris",
        Duration = NominalDuration.OfMinutes(30),
        Attendees = [.. Enumerable.Range(0, company.People).OrderBy(_ => random.Next()).Take(5).Select(number => new Attendee { Calendar = Company.Person(number) })],
    };

    private static string Told(List<double> times) => string.Create(CultureInfo.InvariantCulture, $"{At(times, 0.5):0.00} / {At(times, 0.95):0.00}");

    private static string Ratios(List<double> one, List<double> other) => string.Create(
        CultureInfo.InvariantCulture, $"{At(other, 0.5) / At(one, 0.5):0.00} | {At(other, 0.95) / At(one, 0.95):0.00}");

    private static double At(List<double> times, double part) => times.Order().ElementAt(Math.Min(times.Count - 1, (int)(times.Count * part)));
}
