namespace Kalends.Storage.Postgres;

/// <summary>
/// A parameter whose value PostgreSQL does not see while it plans, for what is asked often. Where it sees that there are fewer values than it would
/// expect, or a shorter time, it finds a plan for just these cheaper than the one that it keeps for all, though that is the same plan; and makes it anew
/// each time, which took as long as the rest of a week's query.
/// </summary>
internal static class Unseen
{
    public const string Second = "(SELECT $2)";

    public const string Third = "(SELECT $3)";

    public const string Fourth = "(SELECT $4)";

    public const string Fifth = "(SELECT $5)";

    public const string Sixth = "(SELECT $6)";
}
