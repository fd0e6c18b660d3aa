using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Kalends.Messages;
using Kalends.Messages.Json;
using Kalends.Tests.Audit;
using Kalends.Tests.Conversations;
using Kalends.Tests.Conversations.Series;
using Kalends.Tests.Postgres;

namespace Kalends.Tests.Copying;

/// <summary>After a copy nobody sees that the store is another one.</summary>
public sealed partial class CopyTests
{
    private static readonly Caller[] Callers =
        [Desk.As("user:ana"), Desk.As("user:ben"), Desk.As("user:zoe"), SeriesDesk.Admin, RichStore.Globex, Desk.As("user:ana", tenant: "nobody")];

    private static readonly (string Name, string Json)[] Questions =
    [
        ("get-appointments", $$"""{"timespan":{{RichStore.Span}},"attendees":["user:ana","room:paris-3","user:ben"],"limit":20000}"""),
        ("get-appointments", """{"timespan":{"from":"2029-01-01T00:00:00Z","to":"2029-03-01T00:00:00Z"},"attendees":["user:ana"]}"""),
        ("check-for-conflicts", $$"""{"timespan":{{RichStore.Span}},"attendees":["user:ana","room:paris-3"],"limit":1000}"""),
        ("find-openings", $$"""{"timespan":{"from":"2026-11-16T00:00:00Z","to":"2026-11-30T00:00:00Z"},"duration":"PT1H","attendees":["user:ana","user:ben","room:paris-3"]}"""),
        ("get-free-busy", $$"""{"timespan":{{RichStore.Span}},"attendees":["user:ana","user:ben","room:paris-3"]}"""),
        ("explain-availability", """{"timespan":{"from":"2026-11-29T00:00:00Z","to":"2026-11-30T00:00:00Z"},"attendees":["room:paris-3","user:ben"]}"""),
        ("get-calendars", "{}"),
        ("get-push-subscriptions", "{}"),
        ("get-open-hours", """{"calendars":["user:ana","user:ben"]}"""),
        ("get-changes", """{"calendar":"user:ana"}"""),
        ("get-changes", """{"calendar":"room:paris-3"}"""),
        ("export-calendar", """{"calendar":"user:ana"}"""),
        ("export-calendar", """{"calendar":"room:paris-3"}"""),
    ];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Everything_is_answered_byte_for_byte_as_before(bool migrated)
    {
        await using var desk = await Desk.Open();
        var taken = await RichStore.Fill(desk);
        Assert.Empty(await desk.FindBroken());
        var (copied, database) = await Copied(desk, migrated);
        await using var there = copied;
        Assert.Empty(await there.FindBroken());
        Assert.Equal(0, (await CopyCommand.Run("verify", "--store", database)).Code);
        foreach (var caller in Callers)
        {
            foreach (var (name, json) in Questions)
            {
                Assert.Equal(Read(await Answer(desk, name, json, caller)), Read(await Answer(there, name, json, caller)));
            }
        }

        foreach (var (name, json) in Questions)
        {
            Assert.Null((await there.Run(name, json, Callers[0])).Refusal);
        }

        var since = $$"""{"calendar":"user:ana","since":"{{taken.Token}}"}""";
        Assert.Equal(Read(await Answer(desk, "get-changes", since, Callers[0])), Read(await Answer(there, "get-changes", since, Callers[0])));
        Assert.Equal(await Pages(desk, taken), await Pages(there, taken));
        Assert.True((await Pages(there, taken)).Count > 5);
    }

    [Fact]
    public async Task What_clients_took_away_before_stays_good_and_saves_go_on()
    {
        await using var desk = await Desk.Open();
        var taken = await RichStore.Fill(desk);
        var (copied, _) = await Copied(desk, migrated: false);
        await using var there = copied;

        // Asked again: answered again, by key and tenant.
        Assert.True((await there.Run("save-appointments", RichStore.Reserve, options: RichStore.WithKey)).IsReplay);
        var refused = await there.Run("save-appointments", RichStore.Unknown, options: RichStore.WithOtherKey);
        Assert.True(refused.IsReplay);
        Assert.NotNull(refused.Refusal);
        Assert.False((await there.Run("save-appointments", RichStore.Reserve, Desk.As("user:ben"), RichStore.WithKey)).IsReplay);

        // A version, a change and a number each come after what was copied.
        var token = (string)(await there.Do("get-changes", $$"""{"calendar":"user:ana","since":"{{taken.Token}}"}"""))["token"]!;
        var shown = await there.Get(taken.Kept);
        Assert.Equal((int)shown["version"]! + 1, (int)(await there.SaveOne(SeriesDesk.With(shown.ToJsonString(), "\"title\":\"After\"")))["version"]!);
        var news = await there.Do("get-changes", $$"""{"calendar":"user:ana","since":"{{token}}"}""");
        Assert.Equal(taken.Kept, (string)Assert.Single(news["changes"]!.AsArray())!["id"]!);
        await there.Do("save-calendars", """{"calendars":[{"calendar":"room:new","kind":"room"}]}""", SeriesDesk.Admin);
        await there.Save("""{"start":"2026-11-23T09:00:00","timeZone":"UTC","duration":"PT1H"}""", Desk.As("user:new", tenant: "third"));

        // The held room is held, the series goes on, what was detached is found again.
        await there.Refused("save-appointments", """
            {"appointments":[{"start":"2026-11-29T06:00:00","timeZone":"UTC","duration":"PT1H","attendees":[{"calendar":"room:paris-3"}]}]}
            """);
        await there.Do("release-hold", $$"""{"hold":"{{taken.Hold}}"}""", Desk.As("user:ben"));
        await there.SaveOne(SeriesDesk.With((await SeriesDesk.Occurrence(there, "2026-11-18", "room:paris-3")).ToJsonString(), "\"title\":\"Again\""));
        there.Clock.Now += NodaTime.Duration.FromDays(40);
        await there.Do("update-occurrences", "{}", SeriesDesk.Admin);
        Assert.Empty(await there.FindBroken());
    }

    [Fact]
    public async Task The_trail_of_former_months_lies_in_months()
    {
        await using var desk = await Desk.Open();
        await RichStore.Fill(desk);
        var (copied, database) = await Copied(desk, migrated: true);
        await using var there = copied;
        Assert.Equal(1L, await PrivateCluster.Execute(database, "SELECT count(*) FROM command_2019_03"));
        Assert.Equal(1L, await PrivateCluster.Execute(database, "SELECT count(*) FROM trail_2019_03"));
        Assert.Equal(0L, await PrivateCluster.Execute(
            database, "SELECT (SELECT count(*) FROM command_unprepared) + (SELECT count(*) FROM trail_unprepared) + (SELECT count(*) FROM outbox_unprepared)"));
    }

    [Fact]
    public async Task The_chain_of_the_trail_is_the_same_and_goes_on()
    {
        await using var desk = await Desk.Open();
        await RichStore.Fill(desk);
        await Chain.Seal(desk.Store, "acme", perSeal: 7);
        await desk.Save("""{"start":"2026-11-23T09:00:00","timeZone":"UTC","duration":"PT1H"}""");
        var (copied, _) = await Copied(desk, migrated: false);
        await using var there = copied;
        var (here, copy) = (await Chain.Of(desk.Store, "acme"), await Chain.Of(there.Store, "acme"));
        Assert.Empty(copy.Findings);
        Assert.True(copy.Sealed > 30);
        Assert.Equal((here.Last!.ToString(), here.Sealed, 1), (copy.Last!.ToString(), copy.Sealed, copy.Unsealed));
        await there.Save("""{"start":"2026-11-24T09:00:00","timeZone":"UTC","duration":"PT1H"}""");
        Assert.Equal(2, await Chain.Seal(there.Store, "acme"));
        Assert.Equal(1, await Chain.Seal(desk.Store, "acme"));
        Assert.Empty((await Chain.Of(there.Store, "acme", here.Last.ToString())).Findings);
    }

    [Theory]
    [InlineData("2020-01-01T00:00:00Z", 1)]
    [InlineData("2026-11-02T00:00:00Z", int.MaxValue)]
    public async Task What_was_dropped_from_the_trail_stays_dropped_and_numbers_go_on(string before, int dropped)
    {
        await using var desk = await Desk.Open();
        await RichStore.Fill(desk);
        await desk.Do("erase-titles", """{"calendar":"user:ben"}""", SeriesDesk.Admin);
        await Chain.SealWhole(desk.Store, "acme", perSeal: 7);
        var moment = NodaTime.Text.InstantPattern.General.Parse(before).Value;
        var entries = await Kalends.Audit.Retention.Run(desk.Store, "acme", moment, null, TestContext.Current.CancellationToken, perBatch: 5);
        Assert.True(dropped == 1 ? entries == 1 : entries > 20);
        Assert.Empty(await desk.FindBroken());
        var (copied, database) = await Copied(desk, migrated: false);
        await using var there = copied;
        Assert.Empty(await there.FindBroken());
        Assert.Empty((await Chain.Of(there.Store, "acme")).Findings);
        Assert.Equal(0, (await CopyCommand.Run("verify", "--store", database)).Code);
        var asked = """{"calendar":"user:ana"}""";
        Assert.Equal((await desk.Do("get-history", asked))["keptFrom"]!.ToJsonString(), (await there.Do("get-history", asked))["keptFrom"]!.ToJsonString());
        await there.Save("""{"start":"2026-11-24T09:00:00","timeZone":"UTC","duration":"PT1H"}""");
        Assert.Empty(await there.FindBroken());
        Assert.Empty((await Chain.Of(there.Store, "acme")).Findings);
    }

    private static async Task<(Desk There, string Database)> Copied(Desk desk, bool migrated)
    {
        var database = await (migrated ? PrivateCluster.Database() : PrivateCluster.EmptyDatabase());
        var said = await CopyCommand.Copy(desk.File, database);
        Assert.True(said.Code == 0, said.Error);
        Assert.DoesNotContain("DIFFERS", said.Out, StringComparison.Ordinal);
        Assert.Contains("globex", said.Out, StringComparison.Ordinal);
        return (Desk.Over(database, desk.Clock.Now), database);
    }

    private static async Task<string> Answer(Desk desk, string name, string json, Caller caller)
    {
        var reply = await desk.Run(name, json, caller);
        return reply.Refusal is { } refusal
            ? Written(refusal)
            : reply.Result is ITextResult text ? text.Text : Encoding.UTF8.GetString(WireJson.WriteAny(reply.Result!));
    }

    /// <summary>On from the page that was read before the copy, to the end.</summary>
    private static async Task<List<string>> Pages(Desk desk, RichStore.Taken taken)
    {
        var pages = new List<string>();
        for (var cursor = taken.Cursor; cursor is not null;)
        {
            var answer = await Answer(desk, "get-appointments", RichStore.PageAfter(cursor), Callers[0]);
            pages.Add(Read(answer));
            cursor = (string?)JsonNode.Parse(answer)!["cursor"];
        }

        return pages;
    }

    /// <summary>No two sealings of one token look alike; what they hold is asked for by itself.</summary>
    private static string Read(string answer) => SealedMember().Replace(answer, "$1");

    [GeneratedRegex("(\"(?:token|cursor)\":)\"[^\"]+\"")]
    private static partial Regex SealedMember();

    private static string Written(Refusal refusal) => System.Text.Json.JsonSerializer.Serialize(refusal, WireJson.Options);
}
