using Kalends.Messages;
using Kalends.Operations;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace Kalends.Server.Http;

/// <summary>
/// One message of the catalogue as an endpoint: reads it from a JSON body, a text body or parameters, runs it, answers. The caller is
/// known by then.
/// </summary>
internal sealed class MessageEndpoint(
    CatalogueEntry entry, FlatMembers members, Dispatcher dispatcher, Workload workload, Deferral deferral, LimitSettings limits, Streaming streaming)
{
    private const string RespondAsync = "respond-async";

    private readonly bool changes = !entry.IsCommand && typeof(IChangesUntilOver).IsAssignableFrom(entry.ResultType);

    /// <summary>POST: the message is the body.</summary>
    public async Task Post(HttpContext context)
    {
        var parameters = Parameters.Of(context.Request);
        var options = RequestOptions.Of(context, entry.IsCommand, parameters);
        var kind = MediaType(context.Request);
        var isText = kind is not null && kind == entry.Text?.MediaType;
        var refusal = options.Refusal ?? (isText ? null : RequestOptions.RefuseOthers(parameters) ?? RefuseUnlessJson(kind));
        using var body = new RequestBody(workload.Bodies);
        refusal ??= await body.Read(context, isText ? entry.Text!.Value.Longest : limits.BodyBytes, limits);
        if (refusal is not null)
        {
            await Problems.Write(context, refusal);
            return;
        }

        if (IsDeferred(context.Request, options.Value))
        {
            var (json, text) = isText
                ? (parameters.ToJson(members), RequestText.Decode(body.Bytes))
                : (RequestText.WithoutMark(body.Bytes), (string?)null);
            await Defer(context, json, text, options.Value);
            return;
        }

        await Answer(context, options.Value, (run, stopped) => isText
            ? entry.RunText(dispatcher, parameters.ToJson(members), RequestText.Decode(body.Bytes), Caller(context), run, stopped)
            : entry.Run(dispatcher, RequestText.WithoutMark(body.Bytes), Caller(context), run, stopped));
    }

    /// <summary>GET, or DELETE of a command: the message is in the address.</summary>
    public async Task Get(HttpContext context)
    {
        var parameters = Parameters.Of(context.Request);
        var options = RequestOptions.Of(context, entry.IsCommand, parameters);
        if (options.Refusal is { } refusal)
        {
            await Problems.Write(context, refusal);
            return;
        }

        if (entry.Path is { } path && context.GetEndpoint()?.Metadata.GetMetadata<OwnAddress>() is not null)
        {
            PathMembers.Add(parameters, path, context);
        }

        var json = parameters.ToJson(members);
        await Answer(context, options.Value, (run, stopped) => entry.Run(dispatcher, json, Caller(context), run, stopped));
    }

    /// <summary>
    /// RFC 7240 §4.1. A preference may be left aside: what keeps nothing, and what is quick and has an address of its own, is answered at once.
    /// </summary>
    private bool IsDeferred(HttpRequest request, RunOptions options) => entry is { IsCommand: true, Path: null } && !options.DryRun
        && request.Headers["Prefer"].SelectMany(line => (line ?? "").Split(',', StringSplitOptions.TrimEntries))
            .Any(preference => preference.Split(';')[0].Trim().Equals(RespondAsync, StringComparison.OrdinalIgnoreCase));

    private async Task Defer(HttpContext context, ReadOnlyMemory<byte> json, string? text, RunOptions options)
    {
        var caller = Caller(context);
        var reply = await workload.Run(
            async stopped =>
            {
                var request = entry.Check(json, text, caller)!.Value;
                return request.Refusal is { } refusal
                    ? Reply.Refused(refusal)
                    : await deferral.Begin(entry.Name, request.Value, caller, options, stopped);
            },
            context.RequestAborted);
        if (reply.Result is OperationState { Operation: var id })
        {
            context.Response.StatusCode = StatusCodes.Status202Accepted;
            context.Response.Headers.Location = $"/v1/operations/{id}";
            context.Response.Headers["Preference-Applied"] = RespondAsync;
        }

        await Answers.Write(context, reply);
    }

    private async Task Answer(HttpContext context, RunOptions options, Func<RunOptions, CancellationToken, ValueTask<Reply>> run)
    {
        ValueTask<Reply> Run(RunOptions with) => workload.Run(stopped => run(with, stopped), context.RequestAborted);
        if (!(entry.Streams is not null || changes) || !ServerSentEvents.AreWanted(context.Request))
        {
            await Answers.Write(context, await Run(options));
        }
        else if (changes)
        {
            await streaming.Changes.Follow(context, () => Run(options));
        }
        else
        {
            await AnswerStream.Answer(context, entry.Streams!, streaming.Time, streaming.Log, items => Run(options with { Items = items }));
        }
    }

    private static Caller Caller(HttpContext context) => context.Features.GetRequiredFeature<Caller>();

    private static string? MediaType(HttpRequest request) =>
        string.IsNullOrEmpty(request.ContentType) ? Answers.Json
        : MediaTypeHeaderValue.TryParse(request.ContentType, out var kind) ? kind.MediaType.Value?.ToLowerInvariant() : null;

    private Refusal? RefuseUnlessJson(string? kind) => kind == Answers.Json
        ? null
        : Refusal.Of(
            RefusalCode.UnsupportedMediaType,
            $"The body must be {Answers.Json}{(entry.Text is { } text ? " or " + text.MediaType : "")}.");
}

/// <summary>Marks the endpoint at a query's own address, whose path carries members.</summary>
internal sealed class OwnAddress;

/// <summary>What those endpoints need besides that answer by events.</summary>
internal sealed record Streaming(ChangeStream Changes, TimeProvider Time, ILogger<Streaming> Log);
