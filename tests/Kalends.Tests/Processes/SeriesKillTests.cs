using Kalends.Appointments;
using Kalends.Messages.Json;
using Kalends.Storage.Sqlite;
using NodaTime;
using NodaTime.Text;

namespace Kalends.Tests.Processes;

/// <summary>
/// The process is killed without warning while four people save, change, split and delete series. What was acknowledged is there, whole; of
/// the one change that each was waiting for nothing is said but that the store is sound.
/// </summary>
[Collection(nameof(WholeServers))]
public sealed class SeriesKillTests
{
    private const int Rounds = 10;
    private const int PerRound = 30;
    private const int Seed = 20261102;

    [Fact]
    public async Task Nothing_acknowledged_of_a_series_is_lost_when_the_process_is_killed()
    {
        using var folder = new KalendsFolder();
        var people = Enumerable.Range(0, 4).Select(number => new Person($"user:w{number}", new(Seed + number))).ToList();
        var delays = new Random(Seed);
        for (var round = 0; round < Rounds; round++)
        {
            await using var server = await KalendsProcess.Start(folder);
            var writers = people.Select(person => person.Write(server)).ToList();
            // In the middle of the work, however slow the machine is just now.
            var before = people.Sum(person => person.Acknowledged);
            for (var wait = 0; wait < 1_000 && people.Sum(person => person.Acknowledged) < before + PerRound; wait++)
            {
                await Task.Delay(10, TestContext.Current.CancellationToken);
            }

            await Task.Delay(delays.Next(0, 200), TestContext.Current.CancellationToken);
            server.Kill();
            await Task.WhenAll(writers);
        }

        Assert.True(people.Sum(person => person.Acknowledged) >= Rounds * PerRound / 2, $"seed {Seed}: only {people.Sum(person => person.Acknowledged)} were acknowledged");
        await using (var store = new SqliteStore($"Data Source={folder.File}"))
        {
            await using var session = await store.Read("acme", TestContext.Current.CancellationToken);
            foreach (var person in people)
            {
                await person.Compare(session.Rows<IAppointmentRows>());
            }
        }

        await Soundness.Check(folder);
    }

    /// <summary>A series as somebody remembers it who was told of each change that it was done.</summary>
    private sealed class Remembered
    {
        public required Guid Id { get; init; }

        public required LocalDateTime Start { get; init; }

        public required int Count { get; set; }

        public required string Title { get; set; }

        /// <summary>Titles of those weeks that were changed by themselves.</summary>
        public Dictionary<int, string> Notes { get; init; } = [];

        public HashSet<int> Gone { get; init; } = [];

        public bool Deleted { get; set; }

        public Guid At(int week) => OccurrenceIds.Of(Id, OccurrenceKey.Of(Start.PlusWeeks(week)));
    }

    private sealed class Person(string name, Random random)
    {
        private static readonly LocalDateTime First = SystemClock.Instance.GetCurrentInstant().InUtc().Date.PlusDays(3).At(new LocalTime(9, 0));

        private readonly List<Remembered> series = [];
        private int titles;

        public int Acknowledged { get; private set; }

        public async Task Write(KalendsProcess server)
        {
            while (true)
            {
                var alive = series.Where(one => !one.Deleted).ToList();
                var one = alive.Count == 0 || (alive.Count < 6 && random.Next(4) == 0) ? null : alive[random.Next(alive.Count)];
                try
                {
                    await (one is null ? Create(server) : Change(server, one));
                    Acknowledged++;
                }
                catch (Exception gone) when (gone is HttpRequestException or IOException or System.Text.Json.JsonException)
                {
                    // Whether this change came through nobody knows.
                    series.RemoveAll(each => each == one);
                    return;
                }
            }
        }

        public async Task Compare(IAppointmentRows rows)
        {
            foreach (var one in series)
            {
                var whole = (await rows.Find([one.Id])).GetValueOrDefault(one.Id);
                Assert.Equal(one.Deleted ? null : one.Title, whole?.Title);
                for (var week = 0; week < one.Count + 2; week++)
                {
                    var found = (await rows.Find([one.At(week)])).GetValueOrDefault(one.At(week));
                    var title = one.Deleted || one.Gone.Contains(week) || week >= one.Count ? null : one.Notes.GetValueOrDefault(week, one.Title);
                    Assert.True(title == found?.Title, $"seed {Seed}, {name}: week {week} of {one.Id} is called {found?.Title}, not {title}");
                    Assert.True(found is null || WireJson.Read<Appointment>(found.Json).Title == title);
                }
            }
        }

        private Task Change(KalendsProcess server, Remembered one)
        {
            var weeks = Enumerable.Range(1, one.Count - 1).Where(week => !one.Gone.Contains(week) && !one.Notes.ContainsKey(week)).ToList();
            return random.Next(weeks.Count < 3 ? 2 : 7) switch
            {
                0 => NameAll(server, one),
                1 => Delete(server, one),
                2 or 3 => NameOne(server, one, weeks[random.Next(weeks.Count)]),
                4 => DeleteOne(server, one, weeks[random.Next(weeks.Count)]),
                5 => Split(server, one, weeks[random.Next(weeks.Count)]),
                _ => NameAll(server, one),
            };
        }

        private async Task Create(KalendsProcess server)
        {
            var (title, start) = (Title(), First.PlusHours(random.Next(10)));
            series.Add(new() { Id = await Save(server, null, title, start, 30), Start = start, Count = 30, Title = title });
        }

        private async Task NameAll(KalendsProcess server, Remembered one)
        {
            var title = Title();
            await Save(server, one.At(Enumerable.Range(0, one.Count).First(week => !one.Gone.Contains(week) && !one.Notes.ContainsKey(week))), title, null, 0, "all");
            one.Title = title;
        }

        private async Task NameOne(KalendsProcess server, Remembered one, int week)
        {
            var title = Title();
            await Save(server, one.At(week), title, one.Start.PlusWeeks(week), 0);
            one.Notes[week] = title;
        }

        private async Task Split(KalendsProcess server, Remembered one, int week)
        {
            var title = Title();
            var id = await Save(server, one.At(week), title, one.Start.PlusWeeks(week), 0, "this-and-following");
            series.Add(new()
            {
                Id = id, Start = one.Start.PlusWeeks(week), Count = one.Count - week, Title = title,
                Notes = one.Notes.Where(note => note.Key > week).ToDictionary(note => note.Key - week, note => note.Value),
                Gone = [.. one.Gone.Where(gone => gone > week).Select(gone => gone - week)],
            });
            one.Count = week;
        }

        private async Task Delete(KalendsProcess server, Remembered one)
        {
            await Post(server, "delete-appointments", $$"""{"appointments":[{"id":"{{one.Id}}"}]}""");
            one.Deleted = true;
        }

        private async Task DeleteOne(KalendsProcess server, Remembered one, int week)
        {
            await Post(server, "delete-appointments", $$"""{"appointments":[{"id":"{{one.At(week)}}"}]}""");
            one.Gone.Add(week);
        }

        private async Task<Guid> Save(KalendsProcess server, Guid? id, string title, LocalDateTime? start, int count, string scope = "this")
        {
            var at = start ?? await StartOf(server, id!.Value);
            var body = await Post(server, "save-appointments", $$"""
                {"scope":"{{scope}}","appointments":[{"title":"{{title}}",{{(id is null ? "" : $"\"id\":\"{id}\",")}}
                 {{(count == 0 ? "" : $"\"recurrence\":{{\"rule\":\"FREQ=WEEKLY;COUNT={count}\"}},")}}
                 "start":"{{LocalDateTimePattern.GeneralIso.Format(at)}}","timeZone":"UTC","duration":"PT1H"}]}
                """);
            return (Guid)body["saved"]![0]!["id"]!;
        }

        private async Task<LocalDateTime> StartOf(KalendsProcess server, Guid id)
        {
            var (status, body) = await server.Post("queries/get-appointment", $$"""{"id":"{{id}}"}""", name);
            Assert.True(status == System.Net.HttpStatusCode.OK, body?.ToJsonString());
            return LocalDateTimePattern.GeneralIso.Parse((string)body!["start"]!).Value;
        }

        private async Task<System.Text.Json.Nodes.JsonNode> Post(KalendsProcess server, string command, string json)
        {
            var (status, body) = await server.Post("commands/" + command, json, name);
            Assert.True(status == System.Net.HttpStatusCode.OK, $"seed {Seed}: {json}\n{body?.ToJsonString()}");
            return body!;
        }

        private string Title() => $"{name} {++titles}";
    }
}
