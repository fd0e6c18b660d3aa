using Kalends.Appointments;
using Kalends.Messages;
using Kalends.Messages.Json;
using Kalends.Storage;

namespace Kalends.Audit;

/// <summary>
/// Which occurrences of a series said something of their own at a moment, and what. What came before the moment may have been dropped from the trail: then
/// the first entry after it says so, and where there is none the occurrence itself, which has not changed since.
/// </summary>
internal static class DetachedThen
{
    public static async ValueTask<IReadOnlyList<Appointment>> Find(QueryContext context, RestoreTarget target)
    {
        var rows = context.Rows<ITrailRows>();
        var said = (await rows.LastOfOccurrences(target.Id, target.Cut)).ToDictionary(entry => entry.Appointment!.Value, entry => entry.After);
        if (await context.Rows<IRetentionRows>().Dropped() is not null)
        {
            foreach (var next in await rows.FirstOfOccurrences(target.Id, target.Cut))
            {
                said.TryAdd(next.Appointment!.Value, next.Before);
            }

            var now = await context.Rows<ISeriesRows>().Occurrences(target.Id, detachedOnly: true);
            foreach (var (id, row) in await context.Rows<IAppointmentRows>().Find([.. now.Select(one => one.Id).Where(id => !said.ContainsKey(id))]))
            {
                said[id] = row.Json;
            }
        }

        return [.. said.Values.OfType<byte[]>().Select(json => WireJson.Read<Appointment>(json))
            .Where(says => says.Series?.Detached == true).OrderBy(says => says.Id)];
    }
}
