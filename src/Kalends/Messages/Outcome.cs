namespace Kalends.Messages;

/// <summary>A result or the refusal that stands in its place; never both, never neither.</summary>
public readonly record struct Outcome<T>
{
    private readonly T? value;

    private Outcome(T? value, Refusal? refusal) => (this.value, Refusal) = (value, refusal);

    public Refusal? Refusal { get; }

    /// <summary>The result. Asking for it where there is a refusal is a bug of ours.</summary>
    public T Value => Refusal is null ? value! : throw new InvalidOperationException($"refused: {Refusal.Detail}");

    public static implicit operator Outcome<T>(T value) => new(value, null);

    public static implicit operator Outcome<T>(Refusal refusal) => new(default, refusal);
}
