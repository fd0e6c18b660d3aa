using System.Net;
using System.Text.Json.Nodes;
using NodaTime;
using NodaTime.Text;
using Answer = (System.Net.HttpStatusCode Status, System.Text.Json.Nodes.JsonNode? Body);

namespace Kalends.Tests.Processes;

/// <summary>Many writers of series at once, over two processes on one file: one wins, and whoever loses is told by what, and when.</summary>
[Collection(nameof(Alone))]
public sealed class SeriesRaceTests
{
    private const string Room = "room:paris-3";

    /// <summary>The processes have the world's clock. A day far enough ahead that none begins in the past.</summary>
    private static readonly LocalDate Monday =
        SystemClock.Instance.GetCurrentInstant().InUtc().Date.PlusDays(7).Next(IsoDayOfWeek.Monday);

    [Fact]
    public async Task One_of_sixty_four_equal_series_gets_the_room()
    {
        using var folder = new KalendsFolder();
        await using var first = await KalendsProcess.Start(folder);
        await using var second = await KalendsProcess.Start(folder);
        for (var round = 0; round < 10; round++)
        {
            var start = Monday.At(new LocalTime(6 + round, 0));
            var answers = await Together([first, second], 64, _ => Appointment(start, "FREQ=WEEKLY"));
            OneWins(answers);
            Assert.All(Lost(answers), conflict => Assert.Equal(Text(start), (string)conflict["occurrence"]!));
        }

        await Soundness.Check(folder);
    }

    [Fact]
    public async Task A_series_and_single_bookings_of_its_time_do_not_both_get_it()
    {
        using var folder = new KalendsFolder();
        await using var first = await KalendsProcess.Start(folder);
        await using var second = await KalendsProcess.Start(folder);
        var seriesWon = 0;
        for (var round = 0; round < 16; round++)
        {
            var start = Monday.At(new LocalTime(4 + round, 0));
            // Stored, at the horizon, and far beyond it.
            var slot = start.PlusWeeks(round % 3 == 0 ? 3 : round % 3 == 1 ? 104 : 200);
            // The singles go ahead by less and less, then the series by more and more: each wins somewhere, and between them it is a race.
            var ahead = (round - 8) * 20;
            var answers = await Together(
                [first, second], 4, writer => writer == round % 4 ? Appointment(start, "FREQ=WEEKLY") : Appointment(slot, null),
                writer => Math.Max(0, writer == round % 4 ? -ahead : ahead));
            OneWins(answers);
            seriesWon += answers.Any(answer => answer.Body!["saved"]?[0]!["occurrences"] is not null) ? 1 : 0;
            Assert.All(Lost(answers), conflict => Assert.True(conflict["occurrence"] is null || (string)conflict["occurrence"]! == Text(slot), conflict.ToJsonString()));
        }

        Assert.InRange(seriesWon, 1, 15);
        await Soundness.Check(folder);
    }

    [Fact]
    public async Task Series_that_meet_only_beyond_what_is_stored_do_not_both_get_the_room()
    {
        using var folder = new KalendsFolder();
        await using var first = await KalendsProcess.Start(folder);
        await using var second = await KalendsProcess.Start(folder);
        for (var round = 0; round < 8; round++)
        {
            // Every 37 days from a day on, and every 41 from three days later: both on day 1110, and not before or after for years.
            var start = Monday.At(new LocalTime(6 + round, 0));
            var answers = await Together([first, second], 2, writer =>
                writer == 0 ? Appointment(start, "FREQ=DAILY;INTERVAL=37") : Appointment(start.PlusDays(3), "FREQ=DAILY;INTERVAL=41"));
            OneWins(answers);
            Assert.All(Lost(answers), conflict => Assert.Equal(Text(start.PlusDays(1_110)), (string)conflict["occurrence"]!));
        }

        await Soundness.Check(folder);
    }

    [Fact]
    public async Task Changes_of_all_and_of_one_against_versions_lose_nothing()
    {
        using var folder = new KalendsFolder();
        await using var first = await KalendsProcess.Start(folder);
        await using var second = await KalendsProcess.Start(folder);
        var start = Monday.At(new LocalTime(9, 0));
        var saved = await first.Post("commands/save-appointments", $$"""{"appointments":[{{Appointment(start, "FREQ=WEEKLY")}}]}""");
        var series = (string)saved.Body!["saved"]![0]!["id"]!;
        var one = Enumerable.Range(0, 4).Select(writer => new Writer(writer % 2 == 0 ? first : second, start.PlusWeeks(writer * 30))).ToList();
        using var over = new CancellationTokenSource(TimeSpan.FromSeconds(3));
        var all = Enumerable.Range(0, 2).Select(writer => ChangeAll(writer == 0 ? first : second, series, writer, over.Token)).ToList();
        await Task.WhenAll(one.Select(writer => writer.Run(over.Token)));
        var places = (await Task.WhenAll(all)).SelectMany(acknowledged => acknowledged).OrderBy(place => place.Version).ToList();

        var whole = await Read(first, series);
        Assert.Equal(Enumerable.Range(2, places.Count).Select(version => (long)version), places.Select(place => place.Version));
        Assert.Equal((places[^1].Version, places[^1].Location), ((long)whole["version"]!, (string)whole["location"]!));
        foreach (var writer in one)
        {
            Assert.True(writer.Done > 1, "an occurrence was hardly ever changed");
            var occurrence = await writer.Read();
            Assert.Equal((writer.Title, places[^1].Location), ((string)occurrence["title"]!, (string)occurrence["location"]!));
        }

        await Soundness.Check(folder);
    }

    /// <summary>Gives the whole series another location, again and again; the answer is what was acknowledged.</summary>
    private static async Task<List<(long Version, string Location)>> ChangeAll(KalendsProcess server, string series, int writer, CancellationToken over)
    {
        var acknowledged = new List<(long, string)>();
        for (var number = 0; !over.IsCancellationRequested; number++)
        {
            var says = await Read(server, series);
            says["location"] = $"{writer}/{number}";
            says["recurrence"]!.AsObject().Remove("excluded");
            var (status, body) = await server.Post("commands/save-appointments", $$"""{"appointments":[{{says.ToJsonString()}}]}""");
            if (status == HttpStatusCode.OK)
            {
                acknowledged.Add(((long)body!["saved"]![0]!["version"]!, (string)says["location"]!));
                await Task.Delay(30, TestContext.Current.CancellationToken);
            }
            else
            {
                Assert.Equal((HttpStatusCode.Conflict, "stale-version"), (status, (string)body!["code"]!));
            }
        }

        return acknowledged;
    }

    private static async Task<JsonObject> Read(KalendsProcess server, string id) =>
        (await server.Post("queries/get-appointment", $$"""{"id":"{{id}}"}""")).Body!.AsObject();

    private static async Task<Answer[]> Together(
        KalendsProcess[] servers, int writers, Func<int, string> appointment, Func<int, int>? millisecondsLater = null) =>
        await Task.WhenAll(Enumerable.Range(0, writers).Select(async writer =>
        {
            await Task.Delay(millisecondsLater?.Invoke(writer) ?? 0);
            return await servers[writer % servers.Length].Post(
                "commands/save-appointments", $$"""{"appointments":[{{appointment(writer)}}]}""", $"user:u{writer}");
        }));

    private static void OneWins(Answer[] answers)
    {
        Assert.Single(answers, answer => answer.Status == HttpStatusCode.OK);
        Assert.All(answers.Where(answer => answer.Status != HttpStatusCode.OK), answer =>
            Assert.Equal((HttpStatusCode.Conflict, "conflict", Room), (answer.Status, (string)answer.Body!["code"]!, (string)answer.Body["conflicts"]![0]!["calendar"]!)));
    }

    private static IEnumerable<JsonNode> Lost(Answer[] answers) =>
        answers.Where(answer => answer.Status != HttpStatusCode.OK).Select(answer => answer.Body!["conflicts"]![0]!);

    private static string Appointment(LocalDateTime start, string? rule) => $$"""
        {"start":"{{Text(start)}}","timeZone":"UTC","duration":"PT1H","title":"Standup",{{(rule is null ? "" : $"\"recurrence\":{{\"rule\":\"{rule}\"}},")}}
         "attendees":[{"calendar":"{{Room}}"}]}
        """;

    private static string Text(LocalDateTime time) => LocalDateTimePattern.GeneralIso.Format(time);

    /// <summary>Gives one occurrence another title, again and again, against the version it read.</summary>
    private sealed class Writer(KalendsProcess server, LocalDateTime at)
    {
        private int number;

        public string? Title { get; private set; }

        public int Done { get; private set; }

        public async Task Run(CancellationToken over)
        {
            while (!over.IsCancellationRequested)
            {
                var says = await Read();
                says["title"] = $"{at} {++number}";
                var (status, body) = await server.Post("commands/save-appointments", $$"""{"appointments":[{{says.ToJsonString()}}]}""");
                if (status == HttpStatusCode.OK)
                {
                    (Title, Done) = ((string)says["title"]!, Done + 1);
                }
                else
                {
                    Assert.Equal((HttpStatusCode.Conflict, "stale-version"), (status, (string)body!["code"]!));
                }
            }
        }

        public async Task<JsonObject> Read()
        {
            var found = await server.Post("queries/get-appointments", $$"""
                {"timespan":{"from":"{{Text(at)}}Z","to":"{{Text(at.PlusHours(1))}}Z"},"attendees":["{{Room}}"]}
                """);
            return Assert.Single(found.Body!["appointments"]!.AsObject()).Value!.DeepClone().AsObject();
        }
    }
}
