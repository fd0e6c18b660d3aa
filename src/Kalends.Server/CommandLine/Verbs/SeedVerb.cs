using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Kalends.Messages;
using Kalends.Server.CommandLine.Seed;
using Kalends.Server.Http;
using NodaTime;
using NodaTime.Text;

namespace Kalends.Server.CommandLine.Verbs;

/// <summary>Fills a tenant with a made-up company, through the same commands that everybody uses.</summary>
internal static class SeedVerb
{
    private const int PerCall = 2_000;
    private const int CalendarsPerCall = 1_000;
    private const int MostPeople = 100_000;

    /// <summary>Five years: the longest timespan a query covers.</summary>
    private const int MostDays = 1_830;

    /// <summary>What a person's day amounts to, for the progress bar alone.</summary>
    private const double AppointmentsPerPersonAndDay = 2.0;

    public static Command Create(Surroundings surroundings)
    {
        var people = Number("--people", "How many people; the first are user:ana, user:ben, user:carla …, the others user:p0001 and on.", 25, MostPeople);
        var days = Number("--days", "How many days from the first.", 28, MostDays);
        var seed = new Option<int>("--seed")
        {
            Description = "The same number makes the same company with the same ids.",
            DefaultValueFactory = _ => 1,
        };
        var from = new Option<string?>("--from") { Description = "The first day, such as 2026-11-23; Monday of this week when absent." };
        var (tenant, store) = (Configured.TenantOption(), Configured.StoreOption());
        var verb = new ExplainedCommand("seed", "Makes up a company: people with working hours, teams, rooms and their weeks")
        {
            Example = "kalends seed --people 500 --days 90 --seed 7 --tenant load --from 2026-11-23",
        };
        foreach (var option in new Option[] { people, days, seed, from, tenant, store })
        {
            verb.Add(option);
        }

        verb.SetAction((parsed, stopped) => Run(
            new(parsed.GetValue(people), parsed.GetValue(days), parsed.GetValue(seed), First(parsed.GetValue(from), surroundings.Clock)),
            parsed.GetRequiredValue(tenant), parsed.GetValue(store), surroundings, stopped));
        return verb;
    }

    private static Option<int> Number(string name, string description, int usual, int most)
    {
        var option = new Option<int>(name) { Description = description, DefaultValueFactory = _ => usual };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && (!int.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, out var number) || number < 1 || number > most))
            {
                result.AddError($"{name} must be from 1 to {most}");
            }
        });
        return option;
    }

    private static LocalDate First(string? day, IClock clock)
    {
        if (day is null)
        {
            var today = clock.GetCurrentInstant().InUtc().Date;
            return today.PlusDays(1 - (int)today.DayOfWeek);
        }

        return LocalDatePattern.Iso.Parse(day).TryGetValue(default, out var date)
            ? date
            : throw new SettingsException("--from must be a day, such as 2026-11-23");
    }

    private static async Task<int> Run(SeedPlan plan, string tenant, string? store, Surroundings surroundings, CancellationToken stopped)
    {
        var began = Stopwatch.StartNew();
        var opened = await Configured.Read(store).OpenForWriting(stopped);
        await using (opened)
        {
            var desk = new Desk(opened, Desk.CallerOf(tenant, null, admin: true), surroundings);
            var weeks = new WorkingWeeks(plan);
            var expected = (long)(plan.People * (plan.Days * 5 / 7.0) * AppointmentsPerPersonAndDay);
            var (saved, refusal) = await ProgressOf.Run(surroundings, "seeding", expected, advance => Save(desk, weeks, advance, stopped));
            if (refusal is not null)
            {
                await surroundings.Error.WriteLineAsync(Desk.Problem(refusal));
                return ExitCodes.Failed;
            }

            await surroundings.Out.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"{weeks.Calendars:N0} calendars, {saved:N0} appointments in {began.Elapsed.TotalSeconds:N1} s "
                + $"(tenant {tenant}, seed {plan.Seed}, from {plan.From:uuuu-MM-dd})"));
        }

        return ExitCodes.Done;
    }

    private static async Task<(long Saved, Refusal? Refusal)> Save(Desk desk, WorkingWeeks weeks, Action<long> advance, CancellationToken stopped)
    {
        foreach (var calendars in weeks.CalendarBatches(CalendarsPerCall))
        {
            if ((await desk.Run("save-calendars", new { calendars }, stopped)).Refusal is { } refusal)
            {
                return (0, refusal);
            }
        }

        foreach (var hours in weeks.OpenHours())
        {
            if ((await desk.Run("set-open-hours", hours, stopped)).Refusal is { } refusal)
            {
                return (0, refusal);
            }
        }

        var saved = 0L;
        foreach (var appointments in weeks.Batches(PerCall))
        {
            if ((await desk.Run("save-appointments", new { appointments }, stopped)).Refusal is { } refusal)
            {
                return (saved, refusal);
            }

            saved += appointments.Count;
            advance(appointments.Count);
        }

        return (saved, null);
    }
}
