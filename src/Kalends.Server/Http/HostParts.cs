using Kalends.Messages;
using Kalends.Permissions;
using Kalends.Queue;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Server.Http;

/// <summary>What a host is made of besides its settings. A test hands in its own store, clock or messages.</summary>
public sealed record HostParts
{
    /// <summary>Whoever made the store ends it, after the host.</summary>
    public required IStore Store { get; init; }

    public IReadOnlyList<CatalogueEntry> Entries { get; init; } = Catalogue.Entries;

    /// <summary>What its workers know how to do.</summary>
    public IReadOnlyList<IWork> Works { get; init; } = [];

    public IPermissions Permissions { get; init; } = new RelationPermissions();

    public IClock Clock { get; init; } = SystemClock.Instance;
}
