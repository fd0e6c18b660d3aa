using Kalends.Messages;
using static Kalends.Tests.Conversations.OpenHoursTests;

namespace Kalends.Tests.Conversations;

/// <summary>Open hours that are not taken: each fault is told at its own place, and a rule's with the part of it that is wrong.</summary>
public sealed class OpenHoursInputTests
{
    private const string Daily = "FREQ=DAILY";

    [Theory]
    [InlineData("FREQ=HOURLY", "FREQ HOURLY is finer than a day: the rule names days, start and end the hours")]
    [InlineData("FREQ=SECONDLY;COUNT=5", "FREQ SECONDLY is finer than a day")]
    [InlineData("FREQ=DAILY;BYHOUR=9", "BYHOUR has no place here")]
    [InlineData("FREQ=DAILY;BYMINUTE=0", "BYMINUTE has no place here")]
    [InlineData("FREQ=DAILY;BYSECOND=0", "BYSECOND has no place here")]
    [InlineData("FREQ=DAILY;COUNT=5", "COUNT counts from a date: give from")]
    [InlineData("FREQ=WEEKLY;BYDAY=1MO", "BYDAY may be numbered with FREQ=MONTHLY and FREQ=YEARLY only")]
    [InlineData("FREQ=WEEKLY;BYDAY=MO,XX", "BYDAY 'XX' does not end in a weekday")]
    [InlineData("FREQ=DAILY;;INTERVAL=2", "RRULE has a part that is not NAME=VALUE")]
    [InlineData("BYDAY=MO", "FREQ is missing")]
    [InlineData("", "RRULE has a part that is not NAME=VALUE")]
    public async Task A_rule_that_is_no_rule_of_days_is_refused_with_the_part_that_is_wrong(string rule, string detail)
    {
        var error = Assert.Single(await Faults($"{Entry(Daily, "09:00", "17:00")},{Entry(rule, "09:00", "17:00")}"));
        Assert.Equal("/openHours/1/rule", error.Pointer);
        Assert.StartsWith(detail, error.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("24:00", "06:00", "/openHours/0/start")]
    [InlineData("9:00", "17:00", "/openHours/0/start")]
    [InlineData("09:00", "24:01", "/openHours/0/end")]
    [InlineData("09:00", "17:60", "/openHours/0/end")]
    [InlineData("09:00", "17:00:01", "/openHours/0/end")]
    [InlineData("09:00", "+7:00", "/openHours/0/end")]
    public async Task A_time_of_day_is_hours_and_minutes(string start, string end, string pointer) =>
        Assert.Equal([pointer], (await Faults(Entry(Daily, start, end))).Select(error => error.Pointer));

    [Theory]
    [InlineData("""{}""", "/except/0")]
    [InlineData("""{"to":"2026-12-24"}""", "/except/0")]
    [InlineData("""{"date":"2026-12-24","from":"2026-12-24","to":"2026-12-25"}""", "/except/0/from /except/0/to")]
    [InlineData("""{"from":"2026-12-24","to":"2026-12-24"}""", "/except/0/to")]
    [InlineData("""{"date":"1899-12-24"}""", "/except/0/date")]
    [InlineData("""{"from":"2026-12-24","to":"2200-01-02"}""", "/except/0/to")]
    [InlineData("""{"date":"24.12.2026"}""", "/except/0/date")]
    [InlineData("""{"date":"2026-12-24","openHours":[{"start":"09:00","end":"12:00"},{"start":"24:00","end":"12:00"}]}""", "/except/0/openHours/1/start")]
    [InlineData("""{"date":"2026-12-24"},{"date":"2026-12-24"}""", "/except/1")]
    [InlineData("""{"date":"2026-12-26"},{"date":"2026-12-27"},{"from":"2026-12-24","to":"2026-12-27"}""", "/except/0")]
    [InlineData("""{"from":"2026-12-24"},{"date":"2030-01-01"}""", "/except/1")]
    [InlineData("""{"from":"2026-12-24","to":"2026-12-27"},{"date":"2026-12-27"}""", "")]
    public async Task A_date_is_excepted_once_and_said_in_one_way(string except, string pointers) =>
        Assert.Equal(pointers, string.Join(' ', (await Faults("", except)).Select(error => error.Pointer)));

    [Fact]
    public async Task Every_fault_is_told_at_once()
    {
        await using var desk = await Desk.Open();
        var refusal = await desk.Refused("set-open-hours", Message("user:ana", "Mars/Olympus", Entry("FREQ=NEVER", "24:00", "09:00", ",\"from\":\"1800-01-01\"")));
        Assert.Equal(
            ["/timeZone", "/openHours/0/start", "/openHours/0/from", "/openHours/0/rule"], refusal.Errors.Select(error => error.Pointer));
    }

    [Fact]
    public async Task More_than_anybody_needs_is_too_large()
    {
        await using var desk = await Desk.Open();
        var (entries, dates) = (Enumerable.Repeat(Entry(Daily, "09:00", "17:00"), 51), Enumerable.Range(0, 501).Select(day => $$"""{"date":"{{Day(day)}}"}"""));
        var refusal = await desk.Refused("set-open-hours", Message("user:ana", "UTC", string.Join(',', entries), string.Join(',', dates)));
        Assert.Equal((RefusalCode.TooLarge, "/openHours /except"), (refusal.Code, string.Join(' ', refusal.Errors.Select(error => error.Pointer))));
        await desk.Do("set-open-hours", Message("user:ana", "UTC", string.Join(',', entries.Take(50)), string.Join(',', dates.Take(500))));

        var days = "FREQ=YEARLY;BYYEARDAY=" + string.Join(',', Enumerable.Range(1, 200));
        var rule = Assert.Single(await Faults(Entry(days, "09:00", "17:00")));
        Assert.Equal(("/openHours/0/rule", "RRULE is longer than 500 characters"), (rule.Pointer, rule.Detail));

        static string Day(int day) => new NodaTime.LocalDate(2026, 1, 1).PlusDays(day).ToString("uuuu-MM-dd", null);
    }

    [Fact]
    public async Task Nobody_is_asked_for_by_a_query_that_names_no_calendar()
    {
        await using var desk = await Desk.Open();
        Assert.Equal("/calendars", Assert.Single((await desk.Refused("get-open-hours", """{"calendars":[]}""")).Errors).Pointer);
    }

    private static async Task<IReadOnlyList<FieldError>> Faults(string entries, string except = "")
    {
        await using var desk = await Desk.Open();
        return (await desk.Run("set-open-hours", Message("user:ana", "UTC", entries, except))).Refusal?.Errors ?? [];
    }
}
