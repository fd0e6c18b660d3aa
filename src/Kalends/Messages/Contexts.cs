using Kalends.Outgoing;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Messages;

/// <summary>What a query may use while it executes: who asks, when, the rows it may read and who may see what.</summary>
public class QueryContext(Caller caller, Instant now, IReadSession session, Decisions decisions, CancellationToken stopped)
{
    public Caller Caller => caller;

    /// <summary>When the request began, in whole seconds; the same for all of it.</summary>
    public Instant Now => now;

    public CancellationToken Stopped => stopped;

    /// <summary>Where to hand what is found, in place of the answer's lists; null: it is answered whole.</summary>
    public IItemSink? Items { get; init; }

    /// <summary>What a browser must name to be pushed to by this server (RFC 8292 §4.1); null where it pushes nothing.</summary>
    public string? ApplicationServerKey { get; init; }

    /// <summary>Seals what the caller carries to a later request of theirs.</summary>
    public SealedText Sealed => new(session);

    /// <summary>Nobody outside has them.</summary>
    internal SealingKeys SealingKeys => session.SealingKeys;

    public T Rows<T>()
        where T : class => session.Rows<T>();

    public ValueTask<Access> Decide(IReadOnlyCollection<CalendarId> calendars) => decisions.Decide(calendars);

    public ValueTask<IReadOnlySet<CalendarId>> Unclaimed(IReadOnlyCollection<CalendarId> calendars) => decisions.Unclaimed(calendars);
}

/// <summary>What a command may use besides: new ids, and the list of changes that the dispatcher writes to trail and outbox.</summary>
public sealed class CommandContext(Caller caller, Instant now, IWriteSession session, Decisions decisions, CancellationToken stopped)
    : QueryContext(caller, now, session, decisions, stopped)
{
    private readonly List<Change> changes = [];
    private readonly HashSet<long> touched = [];
    private readonly HashSet<Guid> made = [];
    private Guid? commandId;

    /// <summary>True when nothing will be kept, so that a command may say more and stop for less.</summary>
    public bool DryRun { get; init; }

    /// <summary>Which addresses may be called that the command names.</summary>
    public OutgoingRules Outgoing { get; init; } = OutgoingRules.Strict;

    /// <summary>What the commit is to write in trail, change logs and outbox: all that was recorded and is not being written yet.</summary>
    public IReadOnlyList<Change> Changes => changes;

    /// <summary>What the command is called in the trail.</summary>
    public Guid CommandId => commandId ??= NewId();

    /// <summary>What the trail keeps in place of the command's own data, where only its execution knows.</summary>
    public object? TrailData { get; set; }

    /// <summary>A UUIDv7 (RFC 9562 §5.7) of the request's time, so that ids sort as they were made.</summary>
    public Guid NewId()
    {
        var id = Guid.CreateVersion7(Now.ToDateTimeOffset());
        made.Add(id);
        return id;
    }

    /// <summary>Keys of calendars whose version rises though none of their appointments changed.</summary>
    public IReadOnlyCollection<long> Touched => touched;

    /// <inheritdoc cref="IWriteSession.StartWriting"/>
    public async ValueTask StartWriting()
    {
        if (!DryRun && await session.StartWriting(CommandId, Now, [.. changes]))
        {
            changes.Clear();
        }
    }

    public void Record(Change change) => changes.Add(made.Contains(change.Appointment) ? change with { HasNewId = true } : change);

    public void Touch(IEnumerable<long> calendars) => touched.UnionWith(calendars);
}
