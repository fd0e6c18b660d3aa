using Kalends.Messages;

namespace Kalends.Tests.Conversations;

public class BookingTests
{
    private const string Day = """{"from":"2026-11-23T00:00:00Z","to":"2026-11-24T00:00:00Z"}""";

    private static string InRoom(string start, string more = "") => $$"""
        {"start":"2026-11-23T{{start}}:00","timeZone":"UTC","duration":"PT1H","attendees":[{"calendar":"user:ana"},{"calendar":"room:paris-3"}]{{more}}}
        """;

    [Fact]
    public async Task A_room_is_not_booked_twice()
    {
        await using var desk = await Desk.Open();
        var first = await desk.Save(InRoom("09:00"));
        var refusal = await desk.Refused("save-appointments", $$"""{"appointments":[{{InRoom("09:30")}}]}""");
        Assert.Equal(RefusalCode.Conflict, refusal.Code);
        var clash = Assert.Single(refusal.Conflicts);
        Assert.Equal(("room:paris-3", "2026-11-23T09:30:00Z", "2026-11-23T10:00:00Z", first),
            (clash.Calendar.Value, clash.Span.From.ToString(), clash.Span.To.ToString(), clash.Appointment.ToString()));
        await desk.Save(InRoom("10:00"));
    }

    [Fact]
    public async Task A_room_is_not_booked_twice_within_one_request()
    {
        await using var desk = await Desk.Open();
        Assert.Equal(
            RefusalCode.Conflict,
            (await desk.Refused("save-appointments", $$"""{"appointments":[{{InRoom("09:00")}},{{InRoom("09:59")}}]}""")).Code);
    }

    [Fact]
    public async Task A_room_frees_its_time_when_it_declines_and_takes_it_back_only_while_it_is_free()
    {
        await using var desk = await Desk.Open();
        var id = await desk.Save(InRoom("09:00"));
        var admin = Desk.As("user:ana", scopes: Scopes.Read | Scopes.Write | Scopes.Admin);
        string Answer(string response) => $$"""{"appointments":[{"id":"{{id}}","calendar":"room:paris-3","response":"{{response}}"}]}""";
        await desk.Do("respond-to-appointments", Answer("declined"), admin);
        await desk.Save(InRoom("09:00"));
        Assert.Equal(RefusalCode.Conflict, (await desk.Refused("respond-to-appointments", Answer("accepted"), admin)).Code);
        Assert.Empty(await desk.FindBroken());
    }

    [Fact]
    public async Task Moving_a_booking_does_not_clash_with_itself()
    {
        await using var desk = await Desk.Open();
        var id = await desk.Save(InRoom("09:00"));
        await desk.Save(InRoom("09:30", $",\"id\":\"{id}\""));
    }

    [Fact]
    public async Task People_may_be_double_booked_unless_the_save_refuses()
    {
        await using var desk = await Desk.Open();
        const string Meeting = """{"start":"2026-11-23T09:00:00","timeZone":"UTC","duration":"PT1H"}""";
        await desk.Save(Meeting);
        await desk.Save(Meeting);
        var refusal = await desk.Refused("save-appointments", $$"""{"conflicts":"refuse","appointments":[{{Meeting}}]}""");
        Assert.Equal((RefusalCode.Conflict, 2), (refusal.Code, refusal.Conflicts.Count));
    }

    [Fact]
    public async Task Held_time_is_busy_for_all_until_it_expires()
    {
        await using var desk = await Desk.Open();
        const string Hold = """{"timespan":{"from":"2026-11-23T09:00:00Z","to":"2026-11-23T10:00:00Z"},"attendees":["room:paris-3"]}""";
        await desk.Do("hold-time", Hold, Desk.As("user:ben"));
        Assert.Equal(RefusalCode.Conflict, (await desk.Refused("save-appointments", $$"""{"appointments":[{{InRoom("09:00")}}]}""")).Code);
        Assert.Equal(RefusalCode.Conflict, (await desk.Refused("hold-time", Hold)).Code);
        var explained = await desk.Do("explain-availability", $$"""{"timespan":{{Day}},"attendees":["room:paris-3"]}""");
        Assert.Equal("held", (string)explained["calendars"]![0]!["stretches"]![1]!["reason"]!);
        desk.Clock.Now += NodaTime.Duration.FromMinutes(6);
        await desk.Save(InRoom("09:00"));
    }

    [Fact]
    public async Task Nobody_holds_more_than_a_hundred_times()
    {
        await using var desk = await Desk.Open();
        for (var n = 0; n < 100; n++)
        {
            await desk.Do("hold-time", Held(n));
        }

        Assert.Equal(RefusalCode.TooManyRequests, (await desk.Refused("hold-time", Held(100))).Code);
        await desk.Do("hold-time", Held(100), Desk.As("user:ben"));
        desk.Clock.Now += NodaTime.Duration.FromMinutes(6);
        await desk.Do("hold-time", Held(101));

        static string Held(int n) => $$"""
            {"timespan":{"from":"2026-11-{{1 + (n / 20):00}}T{{n % 20:00}}:00:00Z","to":"2026-11-{{1 + (n / 20):00}}T{{n % 20:00}}:30:00Z"},"attendees":["room:a"]}
            """;
    }

    [Fact]
    public async Task A_hold_becomes_the_appointment()
    {
        await using var desk = await Desk.Open();
        var held = await desk.Do("hold-time", """{"timespan":{"from":"2026-11-23T09:00:00Z","to":"2026-11-23T10:00:00Z"},"attendees":["room:paris-3"]}""");
        var save = $$"""{"hold":"{{held["hold"]}}","appointments":[{{InRoom("09:00")}}]}""";
        var bens = save.Replace("\"user:ana\"", "\"user:ben\"", StringComparison.Ordinal);
        Assert.Equal(RefusalCode.NotFound, (await desk.Refused("save-appointments", bens, Desk.As("user:ben"))).Code);
        await desk.Do("save-appointments", save);
        Assert.Equal(RefusalCode.NotFound, (await desk.Refused("release-hold", $$"""{"hold":"{{held["hold"]}}"}""")).Code);
    }

    [Fact]
    public async Task Double_booking_cannot_begin_to_be_refused_over_what_lies_there()
    {
        await using var desk = await Desk.Open();
        const string Meeting = """{"start":"2026-11-23T09:00:00","timeZone":"UTC","duration":"PT1H"}""";
        await desk.Save(Meeting);
        await desk.Save(Meeting);
        const string Refusing = """{"calendars":[{"calendar":"user:ana","kind":"user","doubleBooking":"refuse"}]}""";
        Assert.Equal(RefusalCode.Conflict, (await desk.Refused("save-calendars", Refusing)).Code);
    }

    [Fact]
    public async Task An_all_day_appointment_lies_in_each_calendars_own_day()
    {
        await using var desk = await Desk.Open();
        await desk.Do("save-calendars", """{"calendars":[{"calendar":"user:ana","kind":"user","timeZone":"Asia/Tokyo"}]}""");
        await desk.Save("""
            {"allDay":true,"start":"2026-11-23","freeBusyStatus":"out-of-office",
             "attendees":[{"calendar":"user:ana"},{"calendar":"user:ben","response":"accepted"}]}
            """);
        const string Query = """{"timespan":{"from":"2026-11-20T00:00:00Z","to":"2026-11-30T00:00:00Z"},"attendees":["user:ana","user:ben"]}""";
        var found = await desk.Do("get-appointments", Query);
        Assert.Equal(["2026-11-22T15:00:00Z", "2026-11-23T00:00:00Z"], found["entries"]!.AsArray().Select(entry => (string)entry!["from"]!));
        Assert.Equal("2026-11-22T15:00:00Z", (string)found["appointments"]!.AsObject().Single().Value!["span"]!["from"]!);

        await desk.Do("save-calendars", """{"calendars":[{"calendar":"user:ana","kind":"user","timeZone":"America/New_York"}]}""");
        found = await desk.Do("get-appointments", Query);
        Assert.Equal("2026-11-23T05:00:00Z", (string)found["entries"]![0]!["from"]!);
        Assert.Empty(await desk.FindBroken());
    }

    [Fact]
    public async Task An_all_day_appointment_blocks_only_when_marked_busy()
    {
        await using var desk = await Desk.Open();
        await desk.Save("""{"allDay":true,"start":"2026-11-23","title":"Birthday"}""");
        var free = await desk.Do("get-free-busy", $$"""{"timespan":{{Day}},"attendees":["user:ana"]}""");
        Assert.Empty(free["calendars"]![0]!["busy"]!.AsArray());
        await desk.Save("""{"allDay":true,"start":"2026-11-23","freeBusyStatus":"busy"}""");
        free = await desk.Do("get-free-busy", $$"""{"timespan":{{Day}},"attendees":["user:ana"]}""");
        Assert.Single(free["calendars"]![0]!["busy"]!.AsArray());
    }
}
