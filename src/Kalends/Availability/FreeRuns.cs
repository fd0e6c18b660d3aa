namespace Kalends.Availability;

/// <summary>
/// Walks the stretches in which somebody, or everybody of some, is free; forward only, up to the end of the window. After
/// <see cref="Seek"/>, <c>[From, To)</c> is the first free stretch at or after the moment asked for, cut off before it; at the
/// end of the window both are that end.
/// </summary>
internal abstract class FreeRuns(long end)
{
    public long From { get; protected set; } = long.MinValue;

    public long To { get; protected set; } = long.MinValue;

    /// <summary>Where the walk ends.</summary>
    protected long End { get; } = end;

    /// <summary>Never ask for an earlier moment than before.</summary>
    public void Seek(long at)
    {
        if (at >= To)
        {
            Find(at);
        }
        else if (at > From)
        {
            From = at;
        }
    }

    public bool CoverFrom(long from, long to)
    {
        Seek(from);
        return From == from && To >= to;
    }

    /// <summary>The next stretch at least this long; false when there is none.</summary>
    public bool SeekLong(long at, long length)
    {
        Seek(at);
        while (From < End && To - From < length)
        {
            Find(To);
        }

        return From < End;
    }

    protected abstract void Find(long at);
}

/// <summary>When one calendar is free under a rule.</summary>
internal sealed class CalendarFreeRuns(Timeline timeline, BlockingRule rule, long end) : FreeRuns(end)
{
    private int index;

    protected override void Find(long at)
    {
        var free = Math.Min(at, End);
        long next;
        while (!IsFree(ref free, out next) && free < End)
        {
        }

        (From, To) = free < End ? (free, next) : (End, End);
    }

    /// <summary>
    /// Either the moment is free, and until when; or it is moved to the end of what blocks it. Widened segments need not begin
    /// in the order of the segments, so the look ahead goes on as far as widening reaches.
    /// </summary>
    private bool IsFree(ref long moment, out long next)
    {
        index = timeline.FirstEndingAfter(moment - rule.Before, index);
        next = End;
        var segments = timeline.Segments;
        for (var i = index; i < segments.Length && segments[i].From - rule.After < next; i++)
        {
            if (!rule.Blocks(segments[i], out var from, out var to) || to <= moment)
            {
                continue;
            }

            if (from <= moment)
            {
                moment = to;
                return false;
            }

            next = Math.Min(next, from);
        }

        return true;
    }
}

/// <summary>
/// When all are free at once. Each in turn either agrees to the moment or moves it to where he is free again, and then all are asked
/// anew: in full calendars most moments are refused by the first or second asked, so few calendars are read in full.
/// Many are asked in parties of <see cref="PartySize"/>, parties of parties above: a stretch of one party costs only that
/// party, which keeps n calendars of m segments each near n·m·log n steps where asking all for each stretch would be n²·m.
/// </summary>
internal sealed class CommonFreeRuns : FreeRuns
{
    /// <summary>
    /// Measured from 4 to 1000. Full calendars hardly care; 500 people with many short appointments take 136 ms a year with 8,
    /// 190 with 64, 568 with all in one party.
    /// </summary>
    private const int PartySize = 8;

    private readonly FreeRuns[] parties;
    private int asked;

    public CommonFreeRuns(FreeRuns[] members, long end)
        : base(end)
    {
        while (members.Length > PartySize)
        {
            members = [.. members.Chunk(PartySize).Select(party => new CommonFreeRuns(party, end))];
        }

        parties = members;
    }

    protected override void Find(long at)
    {
        var (free, until) = (Math.Min(at, End), End);
        for (var agreed = 0; agreed < parties.Length && free < End; agreed++)
        {
            var party = parties[asked];
            party.Seek(free);
            if (party.From > free)
            {
                (free, until, agreed) = (party.From, End, 0);
            }

            until = Math.Min(until, party.To);
            asked = asked + 1 == parties.Length ? 0 : asked + 1;
        }

        (From, To) = free < End ? (free, until) : (End, End);
    }
}
