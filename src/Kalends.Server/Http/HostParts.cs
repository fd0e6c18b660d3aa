using Kalends.Messages;
using Kalends.Permissions;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Server.Http;

/// <summary>What a host is made of besides its settings. A test hands in its own store, clock or messages.</summary>
public sealed record HostParts
{
    /// <summary>Whoever made the store ends it, after the host.</summary>
    public required IStore Store { get; init; }

    public IReadOnlyList<CatalogueEntry> Entries { get; init; } = Catalogue.Entries;

    public IPermissions Permissions { get; init; } = new RelationPermissions();

    public IClock Clock { get; init; } = SystemClock.Instance;
}
