using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(Kalends.Tests.SharedFirst))]

namespace Kalends.Tests;

/// <summary>Tests that race, kill and starve whole servers: one of these at a time, beside whatever else runs.</summary>
[CollectionDefinition(nameof(WholeServers))]
public sealed class WholeServers;

/// <summary>What runs in a row of its own begins first, so that nothing waits for its end; then what runs on PostgreSQL, which takes longest.</summary>
public sealed class SharedFirst : ITestCollectionOrderer
{
    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. testCollections.OrderBy(collection => Rank(collection)).ThenBy(collection => collection.TestCollectionDisplayName, StringComparer.Ordinal)];

    private static int Rank(ITestCollection collection) => collection.TestCollectionDisplayName switch
    {
        nameof(WholeServers) => 0,
        var name when !name.Contains('.', StringComparison.Ordinal) => 1,
        var name when name.Contains("Postgres", StringComparison.Ordinal) => 2,
        _ => 3,
    };
}
