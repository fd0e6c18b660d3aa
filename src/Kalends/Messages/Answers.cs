namespace Kalends.Messages;

/// <summary>A result that is one versioned thing. The HTTP edge answers the version as its ETag, and 304 to who has it already.</summary>
public interface IHasVersionTag
{
    long Version { get; }
}

/// <summary>A result that is a text of its own kind, such as <c>text/calendar</c>, where others are JSON. Sent as UTF-8.</summary>
public interface ITextResult
{
    string MediaType { get; }

    string Text { get; }
}

/// <summary>A result that is another when it is asked for later, until it is over: who asks for events is told of each change.</summary>
public interface IChangesUntilOver
{
    bool IsOver { get; }
}

/// <summary>A command's result that says in its body too how far the store had come when it was done.</summary>
public interface IAnswersPosition
{
    object At(Storage.Position position);
}

/// <summary>A limit in force, its unit (<c>bytes</c>, <c>seconds</c>, <c>items</c> …) and why it stands there; told to whoever asks.</summary>
public sealed record Limit(string Name, long Most, string Unit, string Reason);
