using System.Text.Json.Nodes;
using NodaTime;
using NodaTime.Text;

namespace Kalends.Tests.Conversations.Series;

/// <summary>
/// Random lives of series: saved, moved, split, crossed out, renamed, stored further, in any order, near and beyond what is stored. After each
/// step the calendar shows what the paper calendar shows, and the store contradicts itself nowhere.
/// </summary>
public class SeriesSimulationTests
{
    private const int Lives = 40;
    private const int Steps = 22;

    private static readonly DateTimeZone Paris = DateTimeZoneProviders.Tzdb["Europe/Paris"];

    /// <summary>Windows that are compared: all of them near, across and beyond the horizon of two years.</summary>
    private static readonly (LocalDate From, LocalDate To)[] Windows =
    [
        (new(2026, 10, 25), new(2027, 1, 10)), (new(2027, 3, 20), new(2027, 4, 5)), (new(2028, 10, 20), new(2028, 11, 20)), (new(2029, 6, 1), new(2029, 6, 20)),
    ];

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, Lives)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Whatever_is_done_to_series_the_calendar_shows_what_was_meant(int seed)
    {
        await using var life = await Life.Begin(seed);
        for (var step = 0; step < Steps; step++)
        {
            await life.Step();
            await life.Compare($"seed {seed}, step {step}: {life.Last}");
        }

        Assert.Empty(await life.Desk.FindBroken());
    }

    private sealed class Life(Desk desk, Random random) : IAsyncDisposable
    {
        private readonly List<SeriesModel> series = [];
        private int names;

        public Desk Desk => desk;

        public string Last { get; private set; } = "";

        public static async Task<Life> Begin(int seed) => new(await Desk.Open(), new(seed));

        public async Task Step()
        {
            var step = series.Count == 0 ? 0 : random.Next(series.Count < 4 ? 10 : 9) is 9 ? 0 : 1 + random.Next(8);
            await (step switch
            {
                0 => Create(),
                1 => MoveOne(),
                2 => NameOne(),
                3 => DeleteOne(),
                4 => NameAll(),
                5 => MoveAll(),
                6 => Split(),
                7 => DeleteFollowing(),
                _ => StoreMore(),
            });
        }

        public async Task Compare(string where)
        {
            foreach (var (from, to) in Windows)
            {
                var entries = await desk.Entries($"{from:uuuu-MM-dd}", $"{to:uuuu-MM-dd}");
                var shown = entries.Select(entry => $"{(string)entry.Appointment["start"]!} {entry.Appointment["title"]}").Order(StringComparer.Ordinal);
                var (begin, end) = (from.AtMidnight().InUtc().ToInstant(), to.AtMidnight().InUtc().ToInstant());
                var meant = series.SelectMany(one => one.Days(to.PlusDays(60)).Select(one.On))
                    .Where(one => one.Start.InZoneLeniently(Paris).ToInstant() is var start && start < end && start + Duration.FromMinutes(30) > begin)
                    .Select(one => $"{LocalDateTimePattern.GeneralIso.Format(one.Start)} {one.Title}").Order(StringComparer.Ordinal);
                Assert.True(meant.SequenceEqual(shown), $"{where}\nmeant: {string.Join(" | ", meant)}\nshown: {string.Join(" | ", shown)}");
            }
        }

        public ValueTask DisposeAsync() => desk.DisposeAsync();

        private async Task Create()
        {
            var model = new SeriesModel
            {
                Id = "", First = new LocalDate(2026, 10, 28).PlusDays(random.Next(10)), Every = 1 + random.Next(9), At = new(6 + random.Next(10), 0), Title = Name(),
            };
            var saved = await desk.SaveOne($$"""
                {"title":"{{model.Title}}","start":"{{Text(model.First.At(model.At))}}","timeZone":"Europe/Paris","duration":"PT30M",
                 "recurrence":{"rule":"FREQ=DAILY;INTERVAL={{model.Every}}"},"attendees":[{"calendar":"user:ana"},{"calendar":"user:ben"}]}
                """);
            model.Id = (string)saved["id"]!;
            series.Add(model);
            Did($"create {model.Title} every {model.Every} from {model.First} at {model.At}");
        }

        private async Task MoveOne()
        {
            if (await Pick() is not var (model, day, occurrence))
            {
                return;
            }

            var start = day.PlusDays(random.Next(-1, 2)).At(new(7 + random.Next(12), 15));
            await desk.SaveOne(SeriesDesk.With(occurrence, $"\"start\":\"{Text(start)}\""));
            model.Notes[day] = (start, model.Notes.GetValueOrDefault(day).Title);
            Did($"move {model.Title} of {day} to {start}");
        }

        private async Task NameOne()
        {
            if (await Pick() is not var (model, day, occurrence))
            {
                return;
            }

            var title = Name();
            await desk.SaveOne(SeriesDesk.With(occurrence, $"\"title\":\"{title}\""));
            model.Notes[day] = (model.Notes.GetValueOrDefault(day).Start, title);
            Did($"name {model.Title} of {day} {title}");
        }

        private async Task DeleteOne()
        {
            if (await Pick() is not var (model, day, occurrence))
            {
                return;
            }

            await desk.Delete((string)JsonNode.Parse(occurrence)!["id"]!);
            model.Crossed.Add(day);
            model.Notes.Remove(day);
            Forget(model);
            Did($"delete {model.Title} of {day}");
        }

        private async Task NameAll()
        {
            var model = series[random.Next(series.Count)];
            var title = Name();
            await desk.SaveOne(SeriesDesk.With((await desk.Get(model.Id)).ToJsonString(), $"\"title\":\"{title}\""));
            Did($"name all of {model.Title} {title}");
            model.Title = title;
        }

        /// <summary>An hour later or earlier; exceptions are left to be carried along.</summary>
        private async Task MoveAll()
        {
            var model = series[random.Next(series.Count)];
            var at = model.At.PlusHours(random.Next(2) == 0 ? 1 : -1);
            var whole = await desk.Get(model.Id);
            whole["recurrence"]!.AsObject().Remove("excluded");
            await desk.SaveOne(SeriesDesk.With(whole.ToJsonString(), $"\"start\":\"{Text(model.First.At(at))}\""));
            Did($"move all of {model.Title} to {at}");
            model.At = at;
        }

        private async Task Split()
        {
            if (await Pick() is not var (model, day, occurrence) || model.Notes.ContainsKey(day))
            {
                return;
            }

            var title = Name();
            var saved = await desk.SaveOne(SeriesDesk.With(occurrence, $"\"title\":\"{title}\""), "this-and-following");
            Did($"split {model.Title} at {day}: {title}");
            if ((string)saved["id"]! == model.Id)
            {
                model.Title = title;
                return;
            }

            var second = model.SplitAt(day, (string)saved["id"]!);
            second.Title = title;
            series.Add(second);
        }

        private async Task DeleteFollowing()
        {
            if (random.Next(3) > 0 || await Pick() is not var (model, day, occurrence))
            {
                return;
            }

            await desk.Delete((string)JsonNode.Parse(occurrence)!["id"]!, "this-and-following");
            model.EndAt(day);
            Forget(model);
            Did($"delete {model.Title} from {day} on");
        }

        private async Task StoreMore()
        {
            desk.Clock.Now += Duration.FromDays(random.Next(1, 40));
            await desk.Do("update-occurrences", "{}");
            Did($"store until two years after {desk.Clock.Now}");
        }

        /// <summary>A day on which some series occurs, near or far, and what the API says of it.</summary>
        private async Task<(SeriesModel Model, LocalDate Day, string Occurrence)?> Pick()
        {
            var model = series[random.Next(series.Count)];
            var days = model.Days(new(2029, 7, 1)).ToList();
            if (days.Count == 0)
            {
                return null;
            }

            var day = random.Next(3) switch { 0 => days[^1], 1 => days[random.Next(days.Count)], _ => days[random.Next(Math.Min(days.Count, 8))] };
            var start = model.On(day).Start.Date;
            var found = (await desk.Entries($"{start.PlusDays(-1):uuuu-MM-dd}", $"{start.PlusDays(2):uuuu-MM-dd}"))
                .Select(entry => entry.Appointment)
                .Single(one => (string)one["series"]!["id"]! == model.Id && ((string)one["series"]!["recurrenceId"]!).StartsWith($"{day:uuuu-MM-dd}", StringComparison.Ordinal));
            return (model, day, found.ToJsonString());
        }

        private void Forget(SeriesModel model)
        {
            if (!model.Days(new(2040, 1, 1)).Any())
            {
                series.Remove(model);
            }
        }

        private string Name() => $"n{++names}";

        private void Did(string what) => Last = what;

        private static string Text(LocalDateTime time) => LocalDateTimePattern.GeneralIso.Format(time);
    }
}
