using Kalends.Messages.Json;

namespace Kalends.Messages;

/// <summary>
/// One message as the edges see it: its name on the wire, what it is for, and how to read and run it. From this the
/// HTTP endpoint, its OpenAPI schema, the command-line verb and the metrics follow.
/// </summary>
public abstract record CatalogueEntry(string Name, string Summary)
{
    public abstract bool IsCommand { get; }

    public abstract Type MessageType { get; }

    public abstract Type ResultType { get; }

    /// <summary>The media type of the text body it also takes, and how long that may be in bytes; null where there is none.</summary>
    public virtual (string MediaType, int Longest)? Text => null;

    /// <summary>
    /// A GET address of a query's own, beside <c>/v1/queries/{name}</c>: <c>/v1/appointments/{id}</c>; of a command one to DELETE. A segment in braces is
    /// the member of that name; the others are parameters. See <see cref="IHasVersionTag"/> and <see cref="ITextResult"/> for its answers.
    /// </summary>
    public string? Path { get; init; }

    /// <summary>
    /// The members of a query's answer whose items it hands out one by one where it is asked to (<see cref="QueryContext.Items"/>), as JSON names them; null
    /// where it does not.
    /// </summary>
    public IReadOnlyList<string>? Streams { get; init; }

    /// <summary>The limits of this message that its callers should know of.</summary>
    public IReadOnlyList<Limit> Limits { get; init; } = [];

    /// <summary>Reads the message from JSON and runs it.</summary>
    public abstract ValueTask<Reply> Run(Dispatcher dispatcher, ReadOnlyMemory<byte> body, Caller caller, RunOptions options, CancellationToken stopped);

    /// <summary>
    /// A command that is to be run later: as JSON to run it from, if there is nothing to be said against it without a look at the store; null of a query.
    /// </summary>
    public virtual Outcome<byte[]>? Check(ReadOnlyMemory<byte> body, string? text, Caller caller) => null;

    /// <summary>The same where <see cref="Text"/> is not null: the text, and the other members as JSON.</summary>
    public virtual ValueTask<Reply> RunText(
        Dispatcher dispatcher, ReadOnlyMemory<byte> members, string text, Caller caller, RunOptions options, CancellationToken stopped) =>
        ValueTask.FromResult(Reply.Refused(Refusal.Of(RefusalCode.UnsupportedMediaType, $"{Name} takes application/json only.")));
}

public record CommandEntry<TCommand, TResult>(string Name, string Summary) : CatalogueEntry(Name, Summary)
    where TCommand : Command<TResult>
{
    public override bool IsCommand => true;

    public override Type MessageType => typeof(TCommand);

    public override Type ResultType => typeof(TResult);

    public override ValueTask<Reply> Run(
        Dispatcher dispatcher, ReadOnlyMemory<byte> body, Caller caller, RunOptions options, CancellationToken stopped)
    {
        var command = RequestReader.Read<TCommand>(body);
        return command.Refusal is { } refusal
            ? ValueTask.FromResult(Reply.Refused(refusal))
            : dispatcher.Run(Name, command.Value, caller, options, stopped);
    }

    public override Outcome<byte[]>? Check(ReadOnlyMemory<byte> body, string? text, Caller caller)
    {
        var read = RequestReader.Read<TCommand>(body);
        if (read.Refusal is { } refusal)
        {
            return (Outcome<byte[]>)refusal;
        }

        var command = text is null ? read.Value : With(read.Value, text);
        return Dispatcher.Refuse(command, caller, Scopes.Write) is { } other ? (Outcome<byte[]>)other : WireJson.Write(command);
    }

    protected virtual TCommand With(TCommand command, string text) => command;
}

/// <summary>A command that also comes as a text body.</summary>
public sealed record TextCommandEntry<TCommand, TResult>(string Name, string Summary) : CommandEntry<TCommand, TResult>(Name, Summary)
    where TCommand : Command<TResult>, ICarriesText<TCommand>
{
    public override (string MediaType, int Longest)? Text => (TCommand.MediaType, TCommand.LongestText);

    public override ValueTask<Reply> RunText(
        Dispatcher dispatcher, ReadOnlyMemory<byte> members, string text, Caller caller, RunOptions options, CancellationToken stopped)
    {
        var command = RequestReader.Read<TCommand>(members);
        return command.Refusal is { } refusal
            ? ValueTask.FromResult(Reply.Refused(refusal))
            : dispatcher.Run(Name, command.Value.WithText(text), caller, options, stopped);
    }

    protected override TCommand With(TCommand command, string text) => command.WithText(text);
}

public sealed record QueryEntry<TQuery, TResult>(string Name, string Summary) : CatalogueEntry(Name, Summary)
    where TQuery : Query<TResult>
{
    public override bool IsCommand => false;

    public override Type MessageType => typeof(TQuery);

    public override Type ResultType => typeof(TResult);

    public override ValueTask<Reply> Run(
        Dispatcher dispatcher, ReadOnlyMemory<byte> body, Caller caller, RunOptions options, CancellationToken stopped)
    {
        var query = RequestReader.Read<TQuery>(body);
        return query.Refusal is { } refusal
            ? ValueTask.FromResult(Reply.Refused(refusal))
            : dispatcher.Run(Name, query.Value, caller, options, stopped);
    }
}
