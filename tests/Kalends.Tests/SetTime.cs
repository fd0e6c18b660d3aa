namespace Kalends.Tests;

/// <summary>Stands still until it is moved, by whole seconds; waits are real.</summary>
internal sealed class SetTime : TimeProvider
{
    public long Seconds { get; set; } = 1_000;

    public override long TimestampFrequency => 1;

    public override long GetTimestamp() => Seconds;
}
