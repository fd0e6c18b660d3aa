namespace Kalends.Messages;

/// <summary>
/// A fact for others, as CloudEvents 1.0 says it: <see cref="Type"/> such as <c>kalends.appointment.created.v1</c>,
/// <see cref="Subject"/> the appointment's id, <see cref="Data"/> JSON in UTF-8. Written to the outbox by the transaction that made it true.
/// </summary>
public sealed record Publication(string Type, string Subject, byte[] Data);
