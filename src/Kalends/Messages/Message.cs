namespace Kalends.Messages;

/// <summary>
/// What somebody asks of Kalends: a record that carries its data, says how it is validated and which permissions it cannot do
/// without, and executes itself. One file holds one message. HTTP, the command line and the queue carry the same JSON.
/// </summary>
public abstract record Message<TResult>
{
    /// <summary>Notes all that is wrong with the data itself, with no look at the store.</summary>
    public virtual void Validate(Errors errors)
    {
    }

    /// <summary>What the caller must be allowed; checked before anything is loaded.</summary>
    public virtual IEnumerable<Need> Needs(Caller caller) => [];
}

/// <summary>Changes something, wholly or not at all, in the one write transaction the dispatcher opened for it.</summary>
public abstract record Command<TResult> : Message<TResult>
{
    public abstract ValueTask<Outcome<TResult>> Execute(CommandContext context);

    /// <summary>What the trail keeps of the command's own data; the appointments themselves stand there before and after.</summary>
    public virtual object TrailData => new { };
}

/// <summary>
/// A command over more than one transaction should hold: the dispatcher runs it again and again, each part a transaction of its own with
/// its own trail record, until a part's result says that nothing is left. What was done stays done when it is cut short, and the same
/// command goes on from there; so a part must find by itself where to begin. A dry run works out the first part alone.
/// </summary>
public interface IDoneInParts<TResult>
{
    /// <summary>How much is done by now and how much is left, in whatever the command counts. Nothing left ends it.</summary>
    (long Done, long Left) Progress(TResult part);

    /// <summary>The answer for both.</summary>
    TResult Sum(TResult before, TResult part);
}

/// <summary>Reads, on a session that the database refuses writes on.</summary>
public abstract record Query<TResult> : Message<TResult>
{
    public abstract ValueTask<Outcome<TResult>> Execute(QueryContext context);
}

/// <summary>A query about what its caller has just brought about: never asked of a replica, which may be behind.</summary>
public interface IReadsTheLatest;

/// <summary>A query whose answer comes in pages: the answer's cursor, sent back with the same query, goes on where it ended.</summary>
public abstract record PagedQuery<TResult> : Query<TResult>
{
    public const int UsualLimit = 200;

    public int? Limit { get; init; }

    public string? Cursor { get; init; }

    protected int LimitInForce => Limit ?? UsualLimit;

    protected virtual int MostPerPage => 1_000;

    public override void Validate(Errors errors)
    {
        errors.Require(Limit is null || (Limit >= 1 && Limit <= MostPerPage), "limit", $"must be from 1 to {MostPerPage}");
        errors.Require(Cursor is null or { Length: > 0 and <= 4_000 }, "cursor", "is not a cursor that this query answered");
    }
}

/// <summary>
/// A message that may also come as a plain text body, its other members as parameters: <c>POST …/import-calendar?calendar=user:ana</c>
/// with <c>text/calendar</c>. As JSON the text is a member like any other.
/// </summary>
public interface ICarriesText<TSelf>
{
    static abstract string MediaType { get; }

    /// <summary>The longest body in bytes that is taken as text.</summary>
    static abstract int LongestText { get; }

    TSelf WithText(string text);
}
