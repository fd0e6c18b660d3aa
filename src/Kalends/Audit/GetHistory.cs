using Kalends.Appointments;
using Kalends.Availability;
using Kalends.Messages;
using Kalends.Storage;
using Kalends.Time;
using NodaTime;

namespace Kalends.Audit;

/// <summary>
/// Who changed what, newest first: of one appointment (a series with its occurrences, an occurrence with its series), of all that ever lay on a calendar,
/// of one person's doing, of one command. What the caller may not see in full comes as busy blocks; asked by person or command it is left out, since it
/// would say who did it. What they may not know of leaves no trace. Nor does what is older than the trail is kept, though some of it be there yet.
/// </summary>
public sealed record GetHistory : PagedQuery<History>
{
    /// <summary>As many entries as are judged at once.</summary>
    private const int PerRead = 200;

    /// <summary>As a page of appointments may have: a cursor goes on from there.</summary>
    private const long MostBytes = 32 * 1024 * 1024;

    public Guid? Appointment { get; init; }

    public CalendarId? Calendar { get; init; }

    /// <summary>Who did it.</summary>
    public CalendarId? Person { get; init; }

    /// <summary>When it was done.</summary>
    public Timespan? Timespan { get; init; }

    public Guid? CommandId { get; init; }

    public override void Validate(Errors errors)
    {
        base.Validate(errors);
        errors.Require(
            Appointment is not null || Calendar is not null || Person is not null || CommandId is not null,
            "must name one of appointment, calendar, person and commandId at least");
        if (Timespan is { } timespan)
        {
            QueryLimits.Check(timespan, errors);
        }
    }

    public override async ValueTask<Outcome<History>> Execute(QueryContext context)
    {
        var cursor = await Cursors.Read<History, TrailPlace>(this, context);
        if (cursor.Refusal is { } refusal)
        {
            return refusal;
        }

        var keptFrom = (await context.Rows<IRetentionRows>().Dropped())?.KeptFrom;
        var calendar = Calendar is { } named ? await KeyOf(context, named) : null;
        if (Calendar is not null && calendar is null)
        {
            return new History([], null, keptFrom);
        }

        var asked = new TrailQuestion
        {
            Appointment = Appointment,
            Series = Appointment is { } id ? await SeriesOf(context, id) : null,
            Calendar = calendar,
            Person = Person,
            Command = CommandId,
            From = Math.Max(Timespan?.From.ToUnixTimeSeconds() ?? long.MinValue, keptFrom?.ToUnixTimeSeconds() ?? long.MinValue),
            To = Timespan?.To.ToUnixTimeSeconds() ?? long.MaxValue,
        };
        var (page, end) = await Read(context, asked, cursor.Value, LimitInForce, hidesMasked: Person is not null || CommandId is not null);
        return page.Count == 0 && Appointment is not null && Cursor is null && !await MayKnow(context, asked)
            ? Refusal.At(RefusalCode.NotFound, "/appointment", $"there is no appointment {Appointment}")
            : new History(page, end is null ? null : await Cursors.Write(this, context, end), keptFrom);
    }

    /// <summary>Null for a calendar that the caller may not see, as for one that nobody ever wrote to.</summary>
    private static async ValueTask<long?> KeyOf(QueryContext context, CalendarId calendar)
    {
        var asked = await AskedCalendars.Find(context, [calendar]);
        return asked.Visible.Count > 0 && asked.Keys[0] != AskedCalendars.NoKey ? asked.Keys[0] : null;
    }

    private static async ValueTask<Guid?> SeriesOf(QueryContext context, Guid id) =>
        (await context.Rows<IAppointmentRows>().Find([id])).TryGetValue(id, out var row) ? row.Series
            : (await context.Rows<ITrailRows>().Page(new() { Appointment = id }, null, 1)).FirstOrDefault(entry => entry.Appointment == id)?.Series;

    /// <summary>
    /// A page, and where it ends if another follows: whether hidden entries do says nothing. These take no place, so it is read on until it is full.
    /// </summary>
    private async ValueTask<(List<HistoryEntry> Page, TrailPlace? End)> Read(
        QueryContext context, TrailQuestion asked, TrailPlace? after, int limit, bool hidesMasked)
    {
        var (page, last, bytes) = (new List<HistoryEntry>(), (TrailPlace?)null, 0L);
        while (true)
        {
            context.Stopped.ThrowIfCancellationRequested();
            var read = await context.Rows<ITrailRows>().Page(asked, after, PerRead);
            var sight = await HistorySight.Over(context, read, Calendar);
            foreach (var entry in read)
            {
                after = TrailPlace.Of(entry);
                if (sight.Show(entry) is not { } shown || (hidesMasked && shown.Masked == true))
                {
                    continue;
                }

                if (page.Count == limit || (bytes += shown.Length) > MostBytes && page.Count > 0)
                {
                    return (page, last);
                }

                page.Add(shown);
                last = after;
            }

            if (read.Count < PerRead)
            {
                return (page, null);
            }
        }
    }

    /// <summary>Whether any of its history, whenever and by whomever, or it itself is shown to the caller.</summary>
    private async ValueTask<bool> MayKnow(QueryContext context, TrailQuestion asked) =>
        (await Read(context, new() { Appointment = asked.Appointment, Series = asked.Series }, null, 1, hidesMasked: false)).Page.Count > 0
        || (await new GetAppointment { Id = asked.Appointment!.Value }.Execute(context)).Refusal is null;
}

/// <param name="Entries">Newest first.</param>
/// <param name="Cursor">Goes on with older ones.</param>
/// <param name="KeptFrom">What was begun before it has been dropped from the trail; absent where nothing was.</param>
public sealed record History(IReadOnlyList<HistoryEntry> Entries, string? Cursor, Instant? KeptFrom);
