using System.Numerics;

namespace Kalends.Availability;

/// <summary>
/// Why a calendar is not free. Where blocks overlap, the later in this list is the one that is shown, but all are remembered
/// (<see cref="StateSet"/>): what a query chooses to ignore must not hide what lies under it.
/// </summary>
public enum BlockState : byte
{
    /// <summary>Nothing in the way. A block of this state is as good as none.</summary>
    Free = 0,

    /// <summary>Outside open hours: blocks only where the query keeps to open hours.</summary>
    Closed = 1,

    /// <summary>An appointment or an answer that is not settled: blocks unless the query treats tentative as free.</summary>
    Tentative = 2,

    /// <summary>Somebody is just booking this time; ends by itself.</summary>
    Held = 3,

    /// <summary>A settled appointment.</summary>
    Busy = 4,

    /// <summary>Away for good reason; as busy, but said so.</summary>
    OutOfOffice = 5,

    /// <summary>
    /// A secret appointment, to one who may not know of it. It blocks always, also where open hours are ignored, and no answer
    /// ever carries it: it is shown exactly as <see cref="Closed"/> would be in its place, so it gives way to every
    /// appointment that the reader may see. Were it shown above a busy hour, its edges could be read off that hour.
    /// </summary>
    Unavailable = 6,
}

/// <summary>A half-open stretch <c>[From, To)</c> of one state, in seconds since the Unix epoch, UTC.</summary>
public readonly record struct Block(long From, long To, BlockState State);

/// <summary>The states that lie on one stretch of time; <see cref="BlockState.Free"/> is the empty set.</summary>
public readonly record struct StateSet
{
    public static readonly StateSet Closed = Of(BlockState.Closed);

    public static readonly StateSet Tentative = Of(BlockState.Tentative);

    /// <summary>What a reader sees as appointments.</summary>
    public static readonly StateSet VisibleAppointments =
        Tentative | Of(BlockState.Held) | Of(BlockState.Busy) | Of(BlockState.OutOfOffice);

    /// <summary>What somebody put into the calendar, seen or not: what buffers keep clear of.</summary>
    public static readonly StateSet Appointments = VisibleAppointments | Of(BlockState.Unavailable);

    private readonly byte bits;

    private StateSet(int bits) => this.bits = (byte)bits;

    public bool IsEmpty => bits == 0;

    /// <summary>The one state that a reader is shown; never <see cref="BlockState.Unavailable"/>.</summary>
    public BlockState Shown => IsEmpty ? BlockState.Free : ShownAppointment is var seen and not BlockState.Free ? seen : BlockState.Closed;

    /// <summary>The same, where open hours are left out: free when no appointment that may be seen lies here.</summary>
    public BlockState ShownAppointment
    {
        get
        {
            var seen = bits & VisibleAppointments.bits;
            return seen == 0 ? BlockState.Free : (BlockState)BitOperations.Log2((uint)seen);
        }
    }

    /// <summary>Closed where open hours, or what must look like them, leave no room; else free.</summary>
    public BlockState ShownClosed => (bits & ~VisibleAppointments.bits) == 0 ? BlockState.Free : BlockState.Closed;

    public static StateSet Of(BlockState state) => new(state == BlockState.Free ? 0 : 1 << (int)state);

    public static StateSet operator |(StateSet left, StateSet right) => new(left.bits | right.bits);

    public static StateSet operator &(StateSet left, StateSet right) => new(left.bits & right.bits);

    public StateSet Without(StateSet other) => new(bits & ~other.bits);

    public override string ToString() => string.Join('+', Enum.GetValues<BlockState>().Where(Has));

    private bool Has(BlockState state) => !(this & Of(state)).IsEmpty;
}
