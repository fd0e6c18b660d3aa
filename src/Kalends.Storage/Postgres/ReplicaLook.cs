using Npgsql;

namespace Kalends.Storage.Postgres;

/// <summary>
/// A look at a replica, on a connection of its own, so that it does not wait behind queries. Whether it belongs to this store is looked at until it is
/// found fit, and again once it was lost, for then another may stand in its place.
/// </summary>
internal sealed class ReplicaLook(Replica replica, NpgsqlConnectionStringBuilder settings, Func<SealingKeys?> sealingKeys) : IAsyncDisposable
{
    /// <summary>Who does not answer so little in so many seconds answers no query in time.</summary>
    private const int AnswerSeconds = 2;

    private readonly NpgsqlDataSource source = NpgsqlDataSource.Create(
        new NpgsqlConnectionStringBuilder(settings.ConnectionString) { MinPoolSize = 0, MaxPoolSize = 1, CommandTimeout = AnswerSeconds });

    public Replica Replica => replica;

    /// <summary>
    /// How far it has come; null while this store's own key is not known yet. <see cref="StoreUnavailableException"/> says why it cannot be used.
    /// </summary>
    public async ValueTask<Position?> Once(CancellationToken stopped)
    {
        if (sealingKeys() is not { } own)
        {
            return null;
        }

        var isFit = replica.IsFit;
        if (!isFit)
        {
            // It is fit where it lets new ones in; an old one may outlive what it belongs to.
            source.Clear();
        }

        await using var wire = await Wire.Open(source, stopped);
        if (!isFit)
        {
            await Schema.Require(wire, stopped);
            if (!(await Schema.ReadSealingKeys(wire, stopped)).InForce.Span.SequenceEqual(own.InForce.Span))
            {
                throw new StoreUnavailableException("It is a replica of another store.");
            }
        }

        Position? come = null;
        await wire.Run(LogPlaces.Replayed(place => come = place), stopped);
        return come ?? throw new StoreUnavailableException("It is no replica.");
    }

    public ValueTask DisposeAsync() => source.DisposeAsync();
}
