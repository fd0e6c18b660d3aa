namespace Kalends.Messages;

/// <summary>
/// What was asked would take more work than one request may cost, and nobody could know before it was begun. The dispatcher answers it as
/// <see cref="RefusalCode.TooLarge"/>; nothing was changed.
/// </summary>
public sealed class TooMuchWorkException : Exception
{
    public TooMuchWorkException()
    {
    }

    public TooMuchWorkException(string message)
        : base(message)
    {
    }

    public TooMuchWorkException(string message, Exception cause)
        : base(message, cause)
    {
    }
}
