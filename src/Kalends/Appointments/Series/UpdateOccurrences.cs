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

    public (long Done, long Left) Progress(UpdatedOccurrences part) => (part.Series, part.Left);

    public UpdatedOccurrences Sum(UpdatedOccurrences before, UpdatedOccurrences part) => new(
        before.Series + part.Series, before.Occurrences + part.Occurrences, before.Declined + part.Declined, part.Left);

    public override async ValueTask<Outcome<UpdatedOccurrences>> Execute(CommandContext context)
    {
        var until = Laying.HorizonAt(context.Now);
        var rows = context.Rows<ISeriesWrites>();
        var due = await rows.Due(until, SeriesPerPart);
        var (done, laid, declined, room) = (0L, 0L, 0L, SeriesLimits.LaidPerPart);
        foreach (var horizon in due)
        {
            context.Stopped.ThrowIfCancellationRequested();
            var known = (await KnownSeries.Find(context, [horizon.Series]))[horizon.Series];
            var calendars = await context.Rows<ICalendarWrites>().Lock([.. known.Calendars.Distinct()]);
            var laying = Laying.Beyond(known, calendars, until, room);
            declined += await SeriesLayer.Lay(context, known, laying, calendars);
            (done, laid) = (done + 1, laid + laying.Count);
            room -= laying.Count * Math.Max(1, laying.Calendars.Count);
            if (room <= 0)
            {
                break;
            }
        }

        return new UpdatedOccurrences(done, laid, declined, await rows.CountDue(until));
    }
}

/// <summary>
/// How many series were looked at, how many occurrences stored, of how many a calendar had to decline, and how many series are left: none,
/// unless a part was worked out alone, as on a dry run.
/// </summary>
public sealed record UpdatedOccurrences(long Series, long Occurrences, long Declined, long Left);
