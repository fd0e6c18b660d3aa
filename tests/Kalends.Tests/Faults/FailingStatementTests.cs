using System.Text;
using System.Text.Json.Nodes;
using Kalends.Messages;
using Kalends.Messages.Json;
using Kalends.Permissions;
using Kalends.Storage.Postgres;
using Kalends.Tests.Conversations;
using Kalends.Tests.Conversations.Series;
using Kalends.Tests.Postgres;
using Npgsql;

namespace Kalends.Tests.Faults;

/// <summary>
/// Each statement that a message has PostgreSQL execute fails once, one after the other, the commit too, in every way that one can fail: all or
/// nothing happened, the answer says what is known of it, and the next request works.
/// </summary>
public sealed class FailingStatementTests : IAsyncLifetime
{
    private const string TablesSql = "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1";

    private string database = "";
    private string? content;
    private NpgsqlDataSource? source;
    private FailingStatements failing = null!;
    private Desk desk = null!;

    public static TheoryData<string, string> Commands { get; } =
    [
        .. FailingCases.Commands,
        ("hold-time", """{"timespan":{"from":"2026-11-03T12:00:00Z","to":"2026-11-03T13:00:00Z"},"attendees":["user:ana","room:paris-3"],"expiresIn":"PT5M"}"""),
        ("save-calendars", """{"calendars":[{"calendar":"user:ana","kind":"user","name":"Ana","timeZone":"Europe/Paris"}]}"""),
    ];

    public async ValueTask InitializeAsync()
    {
        database = await PrivateCluster.Database();
        failing = new(Proxy.PortOf(database));
        desk = await Desk.On(failing.To(database));
        desk.AsksTheStoreAlone = true;
    }

    public async ValueTask DisposeAsync()
    {
        await (source?.DisposeAsync() ?? ValueTask.CompletedTask);
        await desk.DisposeAsync();
        await failing.DisposeAsync();
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Whichever_statement_of_a_command_fails_all_or_nothing_happened(string name, string request)
    {
        var json = await FailingCases.Prepare(desk, name, request);
        var before = await Content();
        var statements = int.MaxValue;
        foreach (var how in new[] { Failure.Refused, Failure.Unheard })
        {
            var open = int.MaxValue;
            for (var call = 1; call <= statements; call++)
            {
                await Settled();
                failing.Fail(call, how);
                var reply = await Run(name, json);
                var where = $"{how} call {call} of {failing.Calls}: {failing.Failed}";
                var isOpen = IsUnavailable(reply, $"{how} call {call}");
                Assert.True(before == await Content(), where);
                statements = failing.Failed == FailingStatements.Commit ? call : statements;
                // Who is not answered cannot tell a commit that was not heard from one that was done, nor anything else in its round trip.
                open = Math.Min(open, isOpen ? call : int.MaxValue);
                Assert.True(isOpen == (call >= open), where);
            }

            Assert.Equal(how == Failure.Refused, open > statements);
        }

        await FailTheCommit(name, json, Failure.Unanswered, before);
    }

    [Fact]
    public async Task A_session_that_is_ended_when_its_commit_was_done_is_told_as_open()
    {
        var request = Commands.First().Data;
        var json = await FailingCases.Prepare(desk, request.Item1, request.Item2);
        await FailTheCommit(request.Item1, json, Failure.Terminated, await Content());
    }

    [Theory]
    [InlineData("get-appointments", """{"timespan":{"from":"2026-11-01T00:00:00Z","to":"2026-12-01T00:00:00Z"},"attendees":["user:ana"]}""")]
    [InlineData("find-openings", """{"timespan":{"from":"2026-11-02T00:00:00Z","to":"2026-11-06T00:00:00Z"},"attendees":["user:ana","room:paris-3"],"duration":"PT1H"}""")]
    [InlineData("get-free-busy", """{"timespan":{"from":"2026-11-01T00:00:00Z","to":"2026-12-01T00:00:00Z"},"attendees":["user:ana"]}""")]
    [InlineData("export-calendar", """{"calendar":"user:ana"}""")]
    public async Task Whichever_statement_of_a_query_fails_the_next_request_is_answered(string name, string json)
    {
        await FailingCases.Prepare(desk, name, json);
        var says = WireJson.WriteAny((await Run(name, json)).Result!);
        foreach (var (how, state) in Failures())
        {
            await Settled();
            failing.SqlState = state;
            failing.Fail(int.MaxValue, how);
            Assert.Null((await Run(name, json)).Refusal);
            await Settled();
            var statements = failing.Calls;
            for (var call = 1; call <= statements; call++)
            {
                failing.Fail(call, how);
                var reply = await Run(name, json);
                await Settled();
                // Everything has been read when a session is undone.
                Assert.True(failing.Failed == FailingStatements.Rollback ? reply.Refusal is null : !IsUnavailable(reply, $"{how} call {call}"));
                var next = await Run(name, json);
                Assert.True(next.Refusal is null, $"after {how} call {call}: {next.Refusal?.Detail}");
                Assert.Equal(says, WireJson.WriteAny(next.Result!));
                await Settled();
            }
        }
    }

    /// <summary>
    /// Nobody waits for the end of a query's transaction, nor for that of a command whose undoing takes long on a machine that stands still for a while; here it
    /// counts among the statements.
    /// </summary>
    private async Task Settled()
    {
        const string Sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND xact_start IS NOT NULL AND pid <> pg_backend_pid()";
        for (var look = 0; (long)(await PrivateCluster.Execute(database, Sql))! > 0; look++)
        {
            Assert.True(look < 1_000, "a transaction stays open");
            await Task.Delay(5);
        }
    }

    /// <summary>A standby that must go on ends a query that stands in its way as one that cannot be put in an order (40001).</summary>
    private static (Failure How, string State)[] Failures() =>
        [(Failure.Refused, "53100"), (Failure.Refused, "40001"), (Failure.Unheard, ""), (Failure.Unanswered, "")];

    [Theory]
    [InlineData("40P01")]
    [InlineData("40001")]
    public async Task Whichever_statement_the_database_cannot_put_in_an_order_the_command_is_run_anew(string state)
    {
        failing.SqlState = state;
        await desk.SaveOne(FailingCases.Yearly);
        for (var (call, hour) = (1, 0); failing.Failed != FailingStatements.Commit; call++, hour++)
        {
            await Settled();
            failing.Fail(call, Failure.Refused);
            var saved = await desk.Do("save-appointments", $$"""
                {"appointments":[{"title":"{{call}}","start":"2026-11-{{2 + (hour / 8):00}}T{{8 + (hour % 8):00}}:00:00","timeZone":"UTC","duration":"PT1H",
                 "attendees":[{"calendar":"user:ana"},{"calendar":"room:paris-3"}]}]}
                """);
            Assert.True(failing.Failed is not null && (long)saved["saved"]![0]!["version"]! == 1, $"call {call}: {failing.Failed}");
        }

        Assert.Empty(await desk.FindBroken());
    }

    [Fact]
    public async Task Whichever_statement_is_refused_while_statements_are_being_prepared_the_connection_goes_on()
    {
        failing.SqlState = "40P01";
        for (var call = 1; failing.Failed is not null || call == 1; call++)
        {
            // Of a new pool, whose one connection has prepared nothing: the second time a statement comes, it does.
            await using var store = new PostgresStore($"{failing.To(database)};Maximum Pool Size=1");
            var dispatcher = new Dispatcher(store, new RelationPermissions(), desk.Clock);
            for (var turn = 0; turn < 6; turn++)
            {
                failing.Fail(call, Failure.Refused);
                var reply = await Catalogue.Entries.Single(entry => entry.Name == "save-appointments").Run(
                    dispatcher, Encoding.UTF8.GetBytes($$"""
                        {"appointments":[{"start":"2026-11-{{1 + (call % 20):00}}T0{{turn}}:00:00","duration":"PT1H","attendees":[{"calendar":"user:ana"},{"calendar":"user:b{{turn}}"}]}]}
                        """),
                    Desk.As("user:ana"), new(), TestContext.Current.CancellationToken);
                Assert.True(reply.Refusal is null, $"call {call}, turn {turn}: {failing.Failed}: {reply.Refusal?.Detail}");
            }
        }
    }

    private async Task FailTheCommit(string name, string json, Failure how, string before)
    {
        failing.FailCommit(how);
        Assert.True(IsUnavailable(await Run(name, json), $"{how}"));
        var after = await Content();
        Assert.NotEqual(before, after);
        Assert.True(await Run(name, json) is { Refusal: null, IsReplay: true });
        Assert.Equal(after, await Content());
        Assert.Empty(await desk.FindBroken());
    }

    private ValueTask<Reply> Run(string name, string json) => desk.Run(name, json, options: new() { IdempotencyKey = "once" });

    /// <summary>True where the answer leaves open whether it was kept.</summary>
    private bool IsUnavailable(Reply reply, string how)
    {
        var where = $"{how} of {failing.Calls}: {failing}\n{JsonNode.Parse(WireJson.WriteAny(reply))}";
        Assert.True(failing.Failed is not null && reply.Refusal is { Code: RefusalCode.Unavailable, RetryAfterSeconds: 1 }, where);
        return reply.Refusal.Detail.Contains("may have kept", StringComparison.Ordinal);
    }

    /// <summary>Every row of every table, boiled down.</summary>
    private async Task<string> Content()
    {
        source ??= NpgsqlDataSource.Create(database);
        content ??= "SELECT md5(string_agg(rows, '|' ORDER BY rows)) FROM (" + string.Join(" UNION ALL ", (await Savers.Texts(database, TablesSql)).Select(table =>
            $"SELECT '{table}' || coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') rows FROM {table} t")) + ") tables";
        await using var command = source.CreateCommand(content);
        return (string)(await command.ExecuteScalarAsync())!;
    }
}
