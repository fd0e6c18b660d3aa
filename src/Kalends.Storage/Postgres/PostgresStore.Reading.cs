namespace Kalends.Storage.Postgres;

/// <summary>Reading sessions, of the primary and of replicas.</summary>
public sealed partial class PostgresStore
{
    public async ValueTask<IReadSession> Read(string tenant, CancellationToken stopped)
    {
        var (wire, keys) = await Open(stopped);
        return await Begin(wire, keys, new(null), tenant, stopped);
    }

    public async ValueTask<IReadSession> ReadAnywhere(string tenant, Position? atLeast, CancellationToken stopped)
    {
        var replica = atLeast is { } asked && !LogPlaces.IsOne(asked) ? null : replicas?.Next(atLeast);
        if (replica is null || sealingKeys is not { } keys)
        {
            return await Read(tenant, stopped);
        }

        var snapshot = new Snapshot(replica);
        return await Begin(await replica.Open(snapshot, atLeast, stopped), keys, snapshot, tenant, stopped);
    }

    public void Listen(Action<StoreNews> told) => replicas?.Listen(told);

    private async ValueTask<IReadSession> Begin(Wire wire, SealingKeys keys, Snapshot snapshot, string tenant, CancellationToken stopped)
    {
        var tenants = snapshot.IsOfReplica ? knownToReplicas : known;
        try
        {
            if (tenants.TryGetValue(tenant, out var before))
            {
                return new PostgresReadSession(wire, before, keys, snapshot, hasBegun: false, stopped);
            }

            var place = await TenantRows.Begin(wire, snapshot.Take(), tenant, stopped);
            if (place is { } found)
            {
                tenants[tenant] = found;
            }

            return new PostgresReadSession(wire, place ?? new(TenantRows.Unknown, MustBeNamed: false), keys, snapshot, hasBegun: true, stopped);
        }
        catch
        {
            await wire.DisposeAsync();
            throw;
        }
    }

    /// <summary>How far this database is.</summary>
    private async ValueTask<Position> Come(CancellationToken stopped)
    {
        Position? come = null;
        var (wire, _) = await Open(stopped);
        await using (wire)
        {
            await wire.Run(LogPlaces.Answered(place => come = place), stopped);
        }

        return come!.Value;
    }
}
