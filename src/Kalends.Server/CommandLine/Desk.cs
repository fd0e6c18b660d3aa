using System.Text.Json;
using System.Text.Json.Nodes;
using Kalends.Messages;
using Kalends.Messages.Json;
using Kalends.Outgoing;
using Kalends.Permissions;
using Kalends.Server.Http;
using Kalends.Storage;

namespace Kalends.Server.CommandLine;

/// <summary>Where the command line hands in messages: the dispatcher on a store, and who asks.</summary>
internal sealed class Desk(IStore store, Caller caller, Surroundings surroundings, KalendsSettings? settings = null)
{
    /// <summary>Whoever has the store's file may change it anyway; so the program itself acts with every scope.</summary>
    public static readonly CalendarId Itself = new("service:cli");

    private readonly Dispatcher dispatcher = new(store, new RelationPermissions(), surroundings.Clock)
    {
        Outgoing = settings?.Outgoing.Rules() ?? OutgoingRules.Strict,
        ApplicationServerKey = settings?.Reminders.Push.Identity?.PublicKey,
    };

    public static Caller CallerOf(string tenant, string? person, bool admin) => person is null
        ? new(tenant, Itself, "cli", Scopes.Read | Scopes.Write | Scopes.Admin)
        : new(tenant, new(person), "cli", Scopes.Read | Scopes.Write | (admin ? Scopes.Admin : Scopes.None));

    public ValueTask<Reply> Run(string name, object message, CancellationToken stopped) =>
        Run(name, message, new(), stopped);

    public ValueTask<Reply> Run(string name, object message, RunOptions options, CancellationToken stopped) =>
        Run(Entry(name), WireJson.WriteAny(message), options, stopped);

    public ValueTask<Reply> Run(CatalogueEntry entry, ReadOnlyMemory<byte> json, RunOptions options, CancellationToken stopped) =>
        entry.Run(dispatcher, json, caller, options, stopped);

    public ValueTask<Reply> RunText(string name, object members, string text, CancellationToken stopped) =>
        Entry(name).RunText(dispatcher, WireJson.WriteAny(members), text, caller, new(), stopped);

    /// <summary>The refusal as the same problem that HTTP answers, for programs that read standard error.</summary>
    public static string Problem(Refusal refusal)
    {
        var (code, status, title) = Refusals.OnTheWire(refusal.Code);
        return Indented(JsonSerializer.SerializeToNode(
            new
            {
                type = "/problems/" + code,
                title,
                status,
                detail = refusal.Detail,
                code,
                errors = refusal.Errors.Count > 0 ? refusal.Errors : null,
                conflicts = refusal.Conflicts.Count > 0 ? refusal.Conflicts : null,
            },
            WireJson.Options)!);
    }

    /// <summary>The answer as HTTP gives it, laid out for reading.</summary>
    public static string Answer(Reply reply)
    {
        if (reply.Result is ITextResult { Text: var text })
        {
            return text;
        }

        var json = JsonNode.Parse(reply.Replayed is { } kept ? kept.Span : WireJson.WriteAny(reply.Result!))!;
        if (reply.DryRun && json is JsonObject members)
        {
            members["dryRun"] = true;
        }

        return Indented(json);
    }

    private static CatalogueEntry Entry(string name) => Catalogue.Entries.First(entry => entry.Name == name);

    private static string Indented(JsonNode json) =>
        json.ToJsonString(new(WireJson.Options) { WriteIndented = true });
}
