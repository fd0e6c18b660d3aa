using Npgsql;

namespace Kalends.Storage.Postgres;

/// <summary>
/// The partitions of the months to come. Each is made in a transaction of its own, which keeps others out of the one that catches the rest for some
/// milliseconds, and gives up where it would have to wait itself. Of processes that do it at once one does.
/// </summary>
internal static class Months
{
    private const string AheadSql = "SELECT prepare_months(now() + interval '3 months', 1)";

    private const string UntilSql = "SELECT prepare_months($1, 1)";

    /// <summary>For who serves: two months are time enough to look at why one could not be made.</summary>
    public static ValueTask<int?> PrepareAhead(Wire wire, CancellationToken stopped) => Prepare(wire, () => new(AheadSql), stopped);

    /// <summary>Two years ahead at most. The answer is how many were missing, or null where something long runs on what it needs for a moment.</summary>
    /// <param name="wire">Outside of a transaction.</param>
    /// <param name="until">Seconds since 1970; its month is the last.</param>
    /// <param name="stopped">Between two months.</param>
    public static ValueTask<int?> Prepare(Wire wire, long until, CancellationToken stopped) =>
        Prepare(wire, () => new Statement(UntilSql).WithTime(until), stopped);

    private static async ValueTask<int?> Prepare(Wire wire, Func<Statement> step, CancellationToken stopped)
    {
        var (all, made) = (0, 0);
        do
        {
            try
            {
                await wire.Run(step().Reading(row => made = row.Integer(0)), stopped);
            }
            catch (StoreUnavailableException busy) when (busy.InnerException is PostgresException { SqlState: PostgresErrorCodes.LockNotAvailable })
            {
                return null;
            }

            all += made;
        }
        while (made > 0);

        return all;
    }
}
