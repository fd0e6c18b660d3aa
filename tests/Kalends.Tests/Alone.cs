namespace Kalends.Tests;

/// <summary>Tests that measure memory or take the whole machine run one after the other, when the parallel ones are done.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
