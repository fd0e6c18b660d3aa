using Kalends.Messages;
using Kalends.Permissions;
using Kalends.Publications;
using Kalends.Reminders;
using Kalends.Tests.Conversations;
using NodaTime;

namespace Kalends.Tests.Reminders;

/// <summary>Whom reminders reach, when, and what is told of them; what does not leave any more.</summary>
public class ReminderTests
{
    private const string Quarter = "\"reminders\":[{\"before\":\"PT15M\"}]";

    private const string Both = "\"attendees\":[{\"calendar\":\"user:ana\"},{\"calendar\":\"user:ben\"}]";

    private static readonly Instant Due = Instant.FromUtc(2026, 11, 2, 8, 45);

    private static readonly Instant Start = Instant.FromUtc(2026, 11, 2, 9, 0);

    private const string Three = """
        "attendees":[{"calendar":"user:ana"},{"calendar":"user:ben"},{"calendar":"user:cem"}],"reminders":[{"before":"PT15M"}]
        """;

    [Fact]
    public async Task A_reminder_leaves_once_at_its_time_for_each_attendee_and_is_published()
    {
        await using var desk = await ReminderDesk.Open();
        var id = await desk.Save($"{Quarter},{Both}");
        desk.Desk.Clock.Now = Due - Duration.FromMinutes(3);
        await desk.Claim();
        Assert.Equal(0, await desk.Send());
        desk.Desk.Clock.Now = Due - Duration.FromMinutes(1);
        Assert.Equal((1, 2, 0), Counts(await desk.Claim()));
        Assert.Equal((0, 0, 0), Counts(await desk.Claim()));
        Assert.Equal(0, await desk.Send());
        desk.Desk.Clock.Now = Due + Duration.FromSeconds(2);
        Assert.Equal(1, await desk.Send());
        await desk.RunUntil(Start + Duration.FromMinutes(2));
        Assert.Equal([$"ana {Start}", $"ben {Start}"], desk.Sent.Order());
        Assert.Equal("ana@example.com", desk.Channel.Sent.Single(one => one.Person.Id.Value == "user:ana").Address);
        var published = await desk.Published();
        Assert.Equal(["user:ana", "user:ben"], published.Select(one => (string)one["calendar"]!).Order());
        Assert.All(published, one => Assert.Equal(
            (id, "email", $"{Due}", $"{Due + Duration.FromSeconds(2)}", $"{Start}", "user:ana"),
            ((string)one["id"]!, (string)one["channel"]!, (string)one["scheduledTime"]!, (string)one["actualTime"]!, (string)one["timespan"]!["from"]!, (string)one["owner"]!)));
        Assert.Empty(await desk.Desk.FindBroken());
    }

    [Theory]
    [InlineData("delete-appointments", """{"appointments":[{"id":"ID"}]}""")]
    [InlineData("respond-to-appointments", """{"appointments":[{"id":"ID","calendar":"user:ana","response":"declined"}]}""")]
    [InlineData("dismiss-reminder", """{"id":"ID"}""")]
    [InlineData("set-reminders", """{"appointments":[{"id":"ID","calendar":"user:ana","reminders":[]}]}""")]
    [InlineData("set-reminders", """{"appointments":[{"id":"ID","calendar":"user:ana","reminders":[{"before":"PT15M","channel":"sms"}]}]}""")]
    [InlineData("save-appointments", """{"appointments":[{"id":"ID","start":"2026-11-02T10:00:00","timeZone":"UTC","duration":"PT1H","reminders":[{"before":"PT15M"}]}]}""")]
    [InlineData("save-appointments", """{"appointments":[{"id":"ID","start":"2026-11-02T09:00:00","timeZone":"UTC","duration":"PT1H"}]}""")]
    [InlineData("save-appointments", """{"appointments":[{"id":"ID","start":"2026-11-02T09:00:00","timeZone":"UTC","duration":"PT1H","status":"cancelled"}]}""")]
    public async Task What_changed_after_it_was_claimed_does_not_leave(string command, string request)
    {
        await using var desk = await ReminderDesk.Open();
        var id = await desk.Save(Quarter);
        desk.Desk.Clock.Now = Due - Duration.FromMinutes(1);
        Assert.Equal((1, 1, 0), Counts(await desk.Claim()));
        await desk.Desk.Do(command, request.Replace("ID", id, StringComparison.Ordinal));
        desk.Desk.Clock.Now = Due;
        Assert.Equal(1, await desk.Send());
        Assert.Empty(desk.Sent);
        Assert.Empty(await desk.Published());
        desk.Desk.Clock.Now = Start - Duration.FromMinutes(1);
        await desk.RunUntil(Start);
        Assert.DoesNotContain($"ana {Start}", desk.Sent);
    }

    [Fact]
    public async Task What_was_moved_is_reminded_of_at_its_new_time_and_moved_back_once_more_not_twice()
    {
        await using var desk = await ReminderDesk.Open();
        var id = await desk.Save(Quarter);
        await desk.RunUntil(Due);
        Assert.Equal([$"ana {Start}"], desk.Sent);
        await desk.Save($"\"id\":\"{id}\",{Quarter}", "2026-11-02T11:00:00");
        await desk.Save($"\"id\":\"{id}\",{Quarter}");
        await desk.RunUntil(Start + Duration.FromMinutes(1));
        Assert.Single(desk.Sent);
        await desk.Save($"\"id\":\"{id}\",{Quarter}", "2026-11-02T11:00:00");
        await desk.RunUntil(Start + Duration.FromHours(2));
        Assert.Equal([$"ana {Start}", "ana 2026-11-02T11:00:00Z"], desk.Sent);
    }

    [Fact]
    public async Task Attendees_have_reminders_of_their_own_which_others_leave_as_they_are()
    {
        await using var desk = await ReminderDesk.Open();
        var id = await desk.Save($"{Quarter},{Both}", "2026-11-03T09:00:00");
        await desk.Desk.Do(
            "set-reminders", $$"""{"appointments":[{"id":"{{id}}","calendar":"user:ben","reminders":[{"before":"P1D"},{"before":"PT1H"}]}]}""", Desk.As("user:ben"));
        // Ana saves what she read before.
        await desk.Save($"\"id\":\"{id}\",{Quarter},\"attendees\":[{{\"calendar\":\"user:ana\"}},{{\"calendar\":\"user:ben\",\"reminders\":[]}}]", "2026-11-03T09:00:00");
        Assert.Equal(RefusalCode.Forbidden, (await desk.Desk.Refused(
            "set-reminders", $$"""{"appointments":[{"id":"{{id}}","calendar":"user:ben","reminders":[]}]}""")).Code);
        var day = Start + Duration.FromDays(1);
        desk.Desk.Clock.Now = Start - Duration.FromMinutes(1);
        await desk.RunUntil(Start);
        Assert.Equal([$"ben {day}"], desk.Sent);
        desk.Desk.Clock.Now = day - Duration.FromHours(1);
        await desk.RunUntil(day - Duration.FromHours(1));
        desk.Desk.Clock.Now = day - Duration.FromMinutes(15);
        await desk.RunUntil(day);
        Assert.Equal([$"ben {day}", $"ben {day}", $"ana {day}"], desk.Sent);
        Assert.Equal(3, desk.Channel.Sent.Select(one => one.Id).Distinct().Count());
    }

    [Fact]
    public async Task What_was_snoozed_comes_again_and_what_was_dismissed_does_not()
    {
        await using var desk = await ReminderDesk.Open();
        var id = await desk.Save("\"reminders\":[{\"before\":\"PT30M\"},{\"before\":\"PT10M\"}]");
        await desk.RunUntil(Start - Duration.FromMinutes(30));
        var snoozed = await desk.Desk.Do("snooze-reminder", $$"""{"id":"{{id}}","for":"PT7M"}""");
        Assert.Equal($"{Start - Duration.FromMinutes(23)}", (string)snoozed["snoozedUntil"]!);
        await desk.RunUntil(Start - Duration.FromMinutes(24));
        Assert.Single(desk.Sent);
        await desk.RunUntil(Start - Duration.FromMinutes(22));
        Assert.Equal(2, desk.Sent.Count());
        await desk.Desk.Do("snooze-reminder", $$"""{"id":"{{id}}"}""");
        await desk.Desk.Do("dismiss-reminder", $$"""{"id":"{{id}}"}""");
        await desk.RunUntil(Start + Duration.FromMinutes(1));
        Assert.Equal(2, desk.Sent.Count());
        Assert.Equal("/for", (await desk.Desk.Refused("snooze-reminder", $$"""{"id":"{{id}}"}""")).Errors[0].Pointer);
        Assert.Equal(RefusalCode.NotFound, (await desk.Desk.Refused("dismiss-reminder", $$"""{"id":"{{id}}"}""", Desk.As("user:ben"))).Code);
    }

    [Fact]
    public async Task Only_what_is_due_by_then_is_dismissed_where_it_is_said()
    {
        await using var desk = await ReminderDesk.Open();
        var id = await desk.Save("\"reminders\":[{\"before\":\"PT30M\"},{\"before\":\"PT10M\"}]");
        await desk.Desk.Do("dismiss-reminder", $$"""{"id":"{{id}}","until":"2026-11-02T08:30:00Z"}""");
        desk.Desk.Clock.Now = Start - Duration.FromMinutes(31);
        await desk.RunUntil(Start);
        Assert.Single(desk.Sent);
        Assert.Equal(Start - Duration.FromMinutes(10), NodaTime.Text.InstantPattern.General.Parse((string)(await desk.Published()).Single()["scheduledTime"]!).Value);
    }

    [Fact]
    public async Task Nobody_is_reminded_who_is_a_room_or_without_address_and_people_without_one_are_told()
    {
        await using var desk = await ReminderDesk.Open("ana");
        await desk.Save(
            $"{Quarter},\"attendees\":[{{\"calendar\":\"user:ana\"}},{{\"calendar\":\"user:zoe\"}},{{\"calendar\":\"group:eng\"}},{{\"calendar\":\"room:paris-3\"}}]");
        await desk.Save("\"reminders\":[{\"before\":\"PT15M\",\"channel\":\"push\"}]");
        await desk.RunUntil(Due);
        Assert.Equal([$"ana {Start}"], desk.Sent);
        Assert.Equal(["ana channel-not-configured", "zoe no-address"], (await desk.Failures()).Order());
    }

    [Fact]
    public async Task After_an_outage_what_is_in_the_window_leaves_once_and_the_rest_is_told()
    {
        await using var desk = await ReminderDesk.Open();
        foreach (var (start, title) in new[] { ("06:00", "begun"), ("11:00", "lately"), ("12:00", "soon") })
        {
            await desk.Save("\"reminders\":[{\"before\":\"PT2H\"},{\"before\":\"PT45M\"}]", $"2026-11-02T{start}:00");
        }

        // Down until 10:30: of 06:00 nothing is of use; of 11:00 two hours are too late, 45 minutes are not; of 12:00 two hours are within the hour.
        desk.Desk.Clock.Now = Instant.FromUtc(2026, 11, 2, 10, 30);
        await desk.RunUntil(Instant.FromUtc(2026, 11, 2, 10, 32));
        Assert.Equal(["ana 2026-11-02T11:00:00Z", "ana 2026-11-02T12:00:00Z"], desk.Sent.Order());
        Assert.Equal(["ana too-late", "ana too-late", "ana too-late"], await desk.Failures());
        await desk.RunUntil(Instant.FromUtc(2026, 11, 2, 12, 1));
        Assert.Equal(3, desk.Sent.Count());
    }

    [Fact]
    public async Task A_receiver_that_is_away_is_tried_until_the_appointment_begins_and_then_it_is_told()
    {
        await using var desk = await ReminderDesk.Open();
        await desk.Save(Quarter);
        desk.Channel.Answer = _ => new(SendEnd.Later, "the mail server is away");
        await desk.RunUntil(Start - Duration.FromMinutes(5));
        Assert.Empty(await desk.Published());
        await desk.RunUntil(Start + Duration.FromMinutes(1));
        var failed = Assert.Single(await desk.Published());
        Assert.Equal(("unreachable", true), ((string)failed["code"]!, ((string)failed["reason"]!).Length > 0));
        await desk.Save(Quarter, "2026-11-02T12:00:00");
        await desk.RunUntil(Instant.FromUtc(2026, 11, 2, 11, 47));
        desk.Channel.Answer = _ => SendResult.Sent;
        await desk.RunUntil(Instant.FromUtc(2026, 11, 2, 11, 49));
        Assert.Equal(["ana 2026-11-02T12:00:00Z"], desk.Sent);
        Assert.Empty(await desk.Desk.FindBroken());
    }

    [Theory]
    [InlineData(SendEnd.Refused, "refused")]
    [InlineData(SendEnd.Unknown, "unknown-outcome")]
    public async Task What_was_refused_or_may_have_been_taken_is_told_and_not_sent_again(SendEnd end, string code)
    {
        await using var desk = await ReminderDesk.Open();
        await desk.Save(Quarter);
        var asked = 0;
        desk.Channel.Answer = _ => new(end, $"answer {++asked}");
        await desk.RunUntil(Start + Duration.FromMinutes(1));
        Assert.Equal(1, asked);
        Assert.Equal([$"ana {code}"], await desk.Failures());
    }

    [Fact]
    public async Task Who_dies_while_one_is_sent_leaves_that_one_in_the_dark_and_no_other()
    {
        await using var desk = await ReminderDesk.Open("ana", "ben", "cem");
        await desk.Save(Three);
        desk.Channel.AtOnce = 1;
        var sending = 0;
        desk.Channel.Before = () => ++sending == 2 ? throw new InvalidOperationException("dies") : Task.CompletedTask;
        await desk.RunUntil(Start - Duration.FromMinutes(5));
        Assert.Equal(2, desk.Sent.Count());
        var published = await desk.Published();
        Assert.Equal(3, published.Count);
        Assert.Equal("unknown-outcome", (string)Assert.Single(published, one => one["code"] is not null)["code"]!);
        Assert.Equal(3, published.Select(one => (string)one["calendar"]!).Distinct().Count());
        Assert.Empty(await desk.Desk.FindBroken());
    }

    [Fact]
    public async Task However_often_its_senders_die_a_message_loses_nobody_but_whom_they_died_of()
    {
        const int Deaths = 22;
        string[] people = [.. Enumerable.Range(0, Deaths + 3).Select(number => $"p{number}")];
        await using var desk = await ReminderDesk.Open(people);
        await desk.Save($$"""
            "owner":"user:p0","attendees":[{{string.Join(',', people.Select(name => $$"""{"calendar":"user:{{name}}"}"""))}}],"reminders":[{"before":"PT15M"}]
            """, caller: ReminderDesk.Admin);
        desk.Channel.AtOnce = 1;
        var deaths = 0;
        desk.Channel.Before = () => ++deaths <= Deaths ? throw new InvalidOperationException("dies") : Task.CompletedTask;
        await desk.RunUntil(Due);
        for (var look = 0; look < 2 * Deaths; look++)
        {
            desk.Desk.Clock.Now += Duration.FromSeconds(5);
            await desk.Send();
        }

        Assert.Equal(people.Length - Deaths, desk.Sent.Count());
        var published = await desk.Published();
        Assert.Equal(people.Length, published.Count);
        Assert.Equal(Enumerable.Repeat("unknown-outcome", Deaths), published.Select(one => (string?)one["code"]).OfType<string>());
        Assert.Equal(people.Length, published.Select(one => (string)one["calendar"]!).Distinct().Count());
    }

    [Fact]
    public async Task Processes_that_end_before_they_come_to_a_message_are_no_fault_of_it()
    {
        await using var desk = await ReminderDesk.Open("ana");
        await desk.Save(Quarter);
        desk.Desk.Clock.Now = Due - Duration.FromMinutes(1);
        await desk.Claim();
        desk.Desk.Clock.Now = Due;
        for (var death = 0; death < 15; death++)
        {
            var taken = await desk.Desk.Store.Queue.Take(
                new(ReminderBatch.Queue, 1, Duration.FromSeconds(10)) { OfLost = death > 0 }, desk.Desk.Clock.Now, TestContext.Current.CancellationToken);
            Assert.Single(taken.Messages);
            desk.Desk.Clock.Now += Duration.FromSeconds(11);
        }

        Assert.Equal(1, await desk.Worker().Work(ofLost: true));
        Assert.Equal(["ana 2026-11-02T09:00:00Z"], desk.Sent);
        Assert.Empty(await desk.Failures());
    }

    [Fact]
    public async Task Each_is_looked_at_again_just_before_it_leaves_itself()
    {
        await using var desk = await ReminderDesk.Open("ana", "ben", "cem");
        var id = await desk.Save(Three);
        desk.Channel.AtOnce = 1;
        desk.Channel.Before = async () =>
        {
            desk.Channel.Before = null;
            await desk.Desk.Do("delete-appointments", $$"""{"appointments":[{"id":"{{id}}"}]}""", ReminderDesk.Admin);
        };
        await desk.RunUntil(Start);
        Assert.Single(desk.Sent);
    }

    [Fact]
    public async Task Tenants_are_apart()
    {
        await using var desk = await ReminderDesk.Open("ana");
        await desk.Meet("globex", "ana");
        await desk.Save(Quarter);
        desk.Desk.Clock.Now = Due;
        Assert.Equal(["acme"], await desk.Desk.Store.TenantsToRemind(Due, TestContext.Current.CancellationToken));
        Assert.Equal((0, 0, 0), Counts(await desk.Claim(tenant: "globex")));
        Assert.Equal((1, 1, 0), Counts(await desk.Claim()));
        await desk.Send();
        Assert.Single(desk.Sent);
        Assert.Empty(await desk.Published("globex"));
        Assert.Equal(RefusalCode.Forbidden, (await desk.Desk.Refused("send-reminders", "{}")).Code);
    }

    [Fact]
    public async Task A_save_without_reminders_leaves_nothing_to_look_at_and_one_whose_reminders_went_neither()
    {
        await using var desk = await ReminderDesk.Open();
        await desk.Save(Both);
        var id = await desk.Save(Quarter);
        await desk.Save($"\"id\":\"{id}\",{Both}");
        desk.Desk.Clock.Now = Due;
        Assert.Empty(await desk.Desk.Store.TenantsToRemind(Due + Duration.FromDays(100), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Whoever_was_reminded_hears_of_it_and_who_sees_the_details_and_nobody_else()
    {
        await using var desk = await ReminderDesk.Open("ana");
        var ids = await AccessMatrixTests.Fill(desk.Desk);
        var time = new SetTime();
        await using var feed = new Feed(desk.Desk.Store, new RelationPermissions(), desk.Desk.Clock, time, new(10, 100));
        foreach (var (kind, id) in ids.Where(pair => pair.Key is "public" or "private"))
        {
            await desk.Desk.Do("set-reminders", $$"""{"appointments":[{"id":"{{id}}","calendar":"user:ana","reminders":[{"before":"PT15M"}]}]}""");
        }

        var ears = new Dictionary<string, Ear>(StringComparer.Ordinal);
        foreach (var (who, (caller, _)) in AccessMatrixTests.Callers)
        {
            ears[who] = await Ear.Open(feed, caller, new(null, new HashSet<string> { ReminderPublication.Received }));
        }

        desk.Desk.Clock.Now = Instant.FromUtc(2026, 11, 23, 8, 44);
        await desk.RunUntil(Instant.FromUtc(2026, 11, 23, 8, 46));
        desk.Desk.Clock.Now = Instant.FromUtc(2026, 11, 23, 10, 44);
        await desk.RunUntil(Instant.FromUtc(2026, 11, 23, 10, 46));
        Assert.Equal(2, desk.Sent.Count());
        await using (var last = ears["administrator"])
        {
            Assert.Equal([ids["public"], ids["private"]], [(string)(await last.Event())["subject"]!, (string)(await last.Event())["subject"]!]);
        }

        foreach (var (who, ear) in ears.Where(pair => pair.Key != "administrator"))
        {
            var expected = AccessMatrixTests.Callers[who].Level switch
            {
                Permission.Modify => [ids["public"], ids["private"]], Permission.ViewDetails => new[] { ids["public"] }, _ => [],
            };
            Assert.Equal(expected, (await ear.Rest(time)).Select(heard => (string)heard["subject"]!));
            await ear.DisposeAsync();
        }
    }

    [Fact]
    public async Task What_is_over_is_forgotten_with_its_publications_after_a_month()
    {
        await using var desk = await ReminderDesk.Open();
        // Long enough ago for the database's own clock.
        desk.Desk.Clock.Now = Instant.FromUtc(2020, 1, 1, 0, 0);
        var id = await desk.Save(Quarter, "2020-01-01T09:00:00");
        await desk.Desk.Do("dismiss-reminder", $$"""{"id":"{{id}}","until":"2020-01-01T08:00:00Z"}""");
        desk.Desk.Clock.Now = Instant.FromUtc(2020, 1, 1, 8, 45);
        await desk.RunUntil(desk.Desk.Clock.Now);
        Assert.Single(await desk.Published());
        var house = new Kalends.Schedules.Housekeeping(desk.Desk.Store, null);
        Assert.Contains("forgot 0 reminders", await house.Run(desk.Desk.Clock.Now + Duration.FromDays(29), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Contains("forgot 1 reminders", await house.Run(desk.Desk.Clock.Now + Duration.FromDays(31), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Empty(await desk.Published());
        Assert.Empty(await desk.Desk.FindBroken());
    }

    [Fact]
    public async Task Addresses_are_shown_to_who_may_modify_a_calendar_alone_and_what_is_none_is_refused()
    {
        await using var desk = await ReminderDesk.Open("ana");
        const string Asked = """{"calendars":["user:ana"]}""";
        Assert.Equal("ana@example.com", (string?)(await desk.Desk.Do("get-calendars", Asked))["calendars"]![0]!["email"]);
        Assert.Null((await desk.Desk.Do("get-calendars", Asked, Desk.As("user:ben")))["calendars"]![0]!["email"]);
        foreach (var (email, phone) in new[]
        {
            ("ana", "+33612345678"), ("a@b\\r\\nBcc: x@y", "+33612345678"), ("a@b,c@d", "+33612345678"), ("<a@b>", "+33612345678"),
            ("ana@example.com", "0612"), ("ana@example.com", "+1 555"),
        })
        {
            var refused = await desk.Desk.Refused("save-calendars", $$"""{"calendars":[{"calendar":"user:ana","kind":"user","email":"{{email}}","phone":"{{phone}}"}]}""");
            Assert.Equal(RefusalCode.Invalid, refused.Code);
        }
    }

    private static (long, long, long) Counts(System.Text.Json.Nodes.JsonNode answer) =>
        ((long)answer["appointments"]!, (long)answer["due"]!, (long)answer["tooLate"]!);
}

[Trait(Desk.OnPostgres, "")]
public sealed class ReminderOnPostgresTests : ReminderTests;
