using Kalends.Messages;
using Kalends.Storage;

namespace Kalends.Appointments;

/// <summary>
/// Stores more of every series that goes on, up to two years from now, part by part. What was moved or deleted is never made again. Cut short,
/// it goes on where it was: each part moves the horizons of what it stored, and queries do not mind where they stand. Where an occurrence
/// would double-book a calendar that refuses it (its rules were checked five years ahead), it is made without that calendar.
/// </summary>
public sealed record UpdateOccurrences : Command<UpdatedOccurrences>, IDoneInParts<UpdatedOccurrences>
{
    /// <summary>Of one look for what is due; small, since one may be all there is room for.</summary>
    private const int SeriesPerPart = 200;

    /// <summary>Series that take more steps than one reading may: left as they are, and not tried again in this run.</summary>
    private readonly HashSet<Guid> tooMuch = [];

    public (long Done, long Left) Progress(UpdatedOccurrences part) => (part.Series, part.Left);

    public UpdatedOccurrences Sum(UpdatedOccurrences before, UpdatedOccurrences part) => new(
        before.Series + part.Series, before.Occurrences + part.Occurrences, before.Declined + part.Declined, part.Left, part.TooMuch);

    public override async ValueTask<Outcome<UpdatedOccurrences>> Execute(CommandContext context)
    {
        var until = Laying.HorizonAt(context.Now);
        var rows = context.Rows<ISeriesWrites>();
        var due = (await rows.Due(until, SeriesPerPart + tooMuch.Count)).Where(horizon => !tooMuch.Contains(horizon.Series));
        var (done, laid, declined, room) = (0L, 0L, 0L, SeriesLimits.LaidPerPart);
        foreach (var horizon in due.TakeWhile(_ => room > 0))
        {
            context.Stopped.ThrowIfCancellationRequested();
            var known = (await KnownSeries.Find(context, [horizon.Series]))[horizon.Series];
            var calendars = await context.Rows<ICalendarWrites>().Lock([.. known.Calendars.Distinct()]);
            if (TryLaying(known, calendars, until, room) is not { } laying)
            {
                tooMuch.Add(horizon.Series);
                continue;
            }

            declined += await SeriesLayer.Lay(context, known, laying, calendars);
            (done, laid) = (done + 1, laid + laying.Count);
            room -= laying.Count * Math.Max(1, laying.Calendars.Count);
        }

        return new UpdatedOccurrences(done, laid, declined, await rows.CountDue(until) - tooMuch.Count, tooMuch.Count);
    }

    private static Laying? TryLaying(KnownSeries known, IReadOnlyDictionary<CalendarId, Calendar> calendars, long until, int room)
    {
        try
        {
            return Laying.Beyond(known, calendars, until, room);
        }
        catch (TooMuchWorkException)
        {
            return null;
        }
    }
}

/// <summary>
/// How many series were stored further, how many occurrences that made, of how many a calendar had to decline, and how many series are left: none,
/// unless a part was worked out alone, as on a dry run. TooMuch: series that took too many steps to work out; they stay where they were.
/// </summary>
public sealed record UpdatedOccurrences(long Series, long Occurrences, long Declined, long Left, long TooMuch);
