using Kalends.Availability;
using Kalends.Messages;
using Kalends.Storage;

namespace Kalends.Appointments;

/// <summary>
/// Rezoning, as far as series go: an occurrence that says what its series says is moved without a word of its own, and the series is
/// changed once, with a trail entry and a publication that stand for all of them.
/// </summary>
internal sealed class RezonedSeries(CommandContext context, IReadOnlyDictionary<CalendarId, Calendar> calendars)
{
    public async ValueTask Move(IReadOnlyList<Rezoned> occurrences)
    {
        var moved = occurrences.Select(item => Bookings.Of(item.Timed!, calendars)).ToList();
        await context.Rows<IAppointmentWrites>().Delete([.. moved.Select(booking => booking.Appointment.Id)]);
        await context.Rows<ISeriesWrites>().Lay(
            [.. moved.Select(booking => booking.Appointment)], [.. moved.SelectMany(booking => booking.Attendances)]);
    }

    /// <summary>One change of each series that moved itself, or of which an occurrence did.</summary>
    public async ValueTask<IReadOnlyList<Edit>> Edits(IReadOnlyList<Rezoned> moving)
    {
        var timed = moving.Where(item => item.Before.IsSeries && item.Timed is not null).ToDictionary(item => item.Id, item => item.Timed!);
        var series = moving.Where(item => item.Timed is not null || item.Rules is not null)
            .Select(item => item.Before.IsSeries ? item.Id : item.Before.Row.IsDerived ? item.Before.Series : null).OfType<Guid>().Distinct();
        return [.. (await KnownAppointments.Find(context, [.. series])).Values.OrderBy(known => known.Row.Id).Select(known => new Edit(
            known, timed.GetValueOrDefault(known.Row.Id) ?? known.Says with { Version = known.Row.Version + 1, UpdatedAt = context.Now }))];
    }

    /// <summary>What was changed by itself under a time that the rules have no more goes to the place that is its own now.</summary>
    private async ValueTask Rename(KnownSeries known)
    {
        var carrying = new Carrying(known.Says, known.Says.Start!.Value, known.Says, context.Now, saved: null);
        carrying.Carry(known.Detached);
        await KnownAppointments.Write(context, carrying.Edits, await context.Rows<ICalendarWrites>().Lock([.. known.Calendars.Distinct()]));
    }

    /// <summary>Occurrences that their series has no more go, and those that it now has come; where one would double-book, it is declined.</summary>
    public async ValueTask Lay(IReadOnlyList<Rezoned> moving)
    {
        foreach (var item in moving.Where(item => item.Rules is { Any: true }))
        {
            await context.Rows<IAppointmentWrites>().Delete(item.Rules!.Going);
            await Rename((await KnownSeries.Find(context, [item.Id]))[item.Id]);
            var known = (await KnownSeries.Find(context, [item.Id]))[item.Id];
            if (await MovedRules.Of(context.Rows<ISeriesRows>(), known.Series) is { } rules)
            {
                await SeriesLayer.Lay(context, known, Laying.Added(known, calendars, rules), calendars);
            }
        }
    }
}
