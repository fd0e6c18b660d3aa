using Kalends.Appointments;
using Kalends.Availability;
using Kalends.Messages;
using Kalends.Messages.Json;
using Kalends.Storage;
using Kalends.Time;
using NodaTime;

namespace Kalends.Audit;

/// <summary>
/// An appointment and what it is to say again (null: it was not there). <see cref="Last"/> is its last entry of the trail; <see cref="Cut"/> tells, of a
/// series, which of its occurrences said something of their own then.
/// </summary>
internal sealed record RestoreTarget(Guid Id, byte[]? Then, TrailEntry Last, TrailCut Cut)
{
    /// <summary>Its place in the request that names it; null where it is one of many.</summary>
    public int? Index { get; init; }

    /// <summary>Why it is left alone, where it is.</summary>
    public string? Reason { get; init; }
}

/// <summary>What is to be restored, for each of the three ways to say it. What the caller may not know of is not among it.</summary>
internal static class RestoreTargets
{
    /// <summary>More than a calendar's busiest years, and what is still put back within seconds.</summary>
    private const int Most = 20_000;

    public static async ValueTask<Outcome<IReadOnlyList<RestoreTarget>>> Named(CommandContext context, IReadOnlyList<AppointmentToRestore> items)
    {
        var (rows, errors, dropped) = (context.Rows<ITrailRows>(), new Errors(), await context.Rows<IRetentionRows>().Dropped());
        var lasts = Kept(dropped, await Known(context, await rows.LastOf([.. items.Select(item => item.Id)])));
        var versions = Kept(
            dropped, await rows.WithVersion(items.Where(item => item.Version is not null).ToDictionary(item => item.Id, item => item.Version!.Value)));
        var then = await Then(rows, items, dropped);
        var targets = new List<RestoreTarget>();
        foreach (var (index, item) in items.Index())
        {
            var at = errors.In("appointments", index);
            if (item.AsOf < dropped?.KeptFrom)
            {
                at.In("asOf").Add($"is too long ago: {dropped!.Sentence}");
            }
            else if (!lasts.TryGetValue(item.Id, out var last))
            {
                if (dropped is null || item.AsOf is null || !await IsThere(context, item.Id))
                {
                    at.In("id").Add(RefusalCode.NotFound, $"there is no appointment {item.Id}, and none was changed under this id{Since(dropped)}");
                }
            }
            else if (item.Version is not null && !versions.ContainsKey(item.Id))
            {
                at.In("version").Add(RefusalCode.NotFound, $"the appointment never had version {item.Version}{Since(dropped)}");
            }
            else
            {
                targets.Add(await Named(context, item, last, versions.GetValueOrDefault(item.Id), then.GetValueOrDefault(item.Id)) with { Index = index });
            }
        }

        return errors.Refusal is { } refusal ? refusal : targets;
    }

    public static async ValueTask<Outcome<IReadOnlyList<RestoreTarget>>> OfCommand(CommandContext context, Guid command)
    {
        var rows = context.Rows<ITrailRows>();
        var dropped = await context.Rows<IRetentionRows>().Dropped();
        var from = dropped?.KeptFrom.ToUnixTimeSeconds() ?? long.MinValue;
        var entries = await rows.Page(new() { Command = command, From = from }, null, Most + 1);
        var changed = entries.Where(entry => entry.Appointment is not null).GroupBy(entry => entry.Appointment!.Value).ToDictionary(group => group.Key);
        if (changed.Count > Most)
        {
            return Refusal.At(RefusalCode.TooLarge, "/commandId", $"changed more than {Most} appointments");
        }

        var sight = await HistorySight.Over(context, entries, null);
        if (!entries.Any(entry => sight.Show(entry) is { Masked: not true }))
        {
            return Refusal.At(RefusalCode.NotFound, "/commandId", $"there is no command {command}{Since(dropped)}");
        }

        // Of a series the first that was done to any of it.
        var firsts = entries.SelectMany(entry => new[] { (Id: entry.Appointment, entry.Seq), (Id: entry.Series, entry.Seq) }).Where(one => one.Id is not null)
            .GroupBy(one => one.Id!.Value, one => one.Seq).ToDictionary(group => group.Key, group => group.Min());
        var lasts = await Known(context, await rows.LastOf(changed.Keys));
        var targets = new List<RestoreTarget>();
        foreach (var (id, last) in lasts)
        {
            var (first, latest) = (changed[id].MinBy(entry => entry.Seq)!, changed[id].Max(entry => entry.Seq));
            var occurrences = IsSeries(first) ? await rows.LastOfOccurrences(id, TrailCut.Now) : [];
            var since = last.Seq > latest ? last : occurrences.FirstOrDefault(entry => entry.CommandId != command && entry.Seq > latest);
            targets.Add(new(id, first.Before, last, new(firsts[id] - 1, long.MaxValue))
            {
                Reason = since is null ? null : $"changed since by {since.By} at {since.At}",
            });
        }

        return targets;
    }

    public static async ValueTask<Outcome<IReadOnlyList<RestoreTarget>>> OfCalendar(CommandContext context, CalendarId id, Timespan timespan, Instant asOf)
    {
        if (await context.Rows<IRetentionRows>().Dropped() is { } dropped && asOf < dropped.KeptFrom)
        {
            return Refusal.At(RefusalCode.Invalid, "/asOf", $"is too long ago: {dropped.Sentence}");
        }

        var asked = await AskedCalendars.Find(context, [id]);
        if (asked.Visible.Count == 0 || asked.Keys[0] == AskedCalendars.NoKey)
        {
            return new List<RestoreTarget>();
        }

        var (changes, moment) = (context.Rows<IChangeRows>(), await context.Rows<IChangeRows>().VersionsAt(asked.Keys, asOf.ToUnixTimeSeconds()));
        var changed = await changes.ChangedSince(moment);
        if (changed.Count > Most)
        {
            return Refusal.At(RefusalCode.TooLarge, "/asOf", $"is before more than {Most} changes of this calendar; go back by smaller steps");
        }

        // What an occurrence said before it was first changed by itself follows, where its series has changed too, from what that said then.
        var then = (await changes.AsOf(changed, moment)).Where(pair => !IsDerivedOf(changed, pair.Value)).ToDictionary();
        var now = await context.Rows<IAppointmentRows>().Find(changed);
        var calendar = asked.Rows[id];
        List<Guid> meant =
            [.. changed.Where(one => LiesIn(then.GetValueOrDefault(one), calendar, timespan) || LiesIn(now.GetValueOrDefault(one)?.Json, calendar, timespan))];
        var lasts = await Known(context, await context.Rows<ITrailRows>().LastOf(meant));
        var cut = new TrailCut(long.MaxValue, asOf.ToUnixTimeSeconds());
        return lasts.Select(pair => new RestoreTarget(pair.Key, then.GetValueOrDefault(pair.Key), pair.Value, cut)).ToList();
    }

    private static async ValueTask<RestoreTarget> Named(
        CommandContext context, AppointmentToRestore item, TrailEntry last, TrailEntry? version, byte[]? then)
    {
        if (item.AsOf is { } asOf)
        {
            return new(item.Id, then, last, new(long.MaxValue, asOf.ToUnixTimeSeconds()));
        }

        if (!IsSeries(version ?? last))
        {
            return new(item.Id, version is not null ? version.After : last.Before, last, TrailCut.Now);
        }

        // What one command did to a series and its occurrences belongs together.
        var command = await context.Rows<ITrailRows>().Page(
            new() { Appointment = item.Id, Command = (version ?? last).CommandId }, null, int.MaxValue);
        return version is not null
            ? new(item.Id, version.After, last, new(command.Max(entry => entry.Seq), long.MaxValue))
            : new(item.Id, last.Before, last, new(command.Min(entry => entry.Seq) - 1, long.MaxValue));
    }

    /// <summary>What each item with a moment said at it. Where what came before it was dropped, the first entry after it says so.</summary>
    private static async ValueTask<Dictionary<Guid, byte[]?>> Then(ITrailRows rows, IReadOnlyList<AppointmentToRestore> items, DroppedTrail? dropped)
    {
        var then = new Dictionary<Guid, byte[]?>();
        foreach (var moment in items.Where(item => item.AsOf is not null).GroupBy(item => item.AsOf!.Value, item => item.Id))
        {
            var instant = moment.Key.ToUnixTimeSeconds();
            foreach (var (id, entry) in await rows.LastOf([.. moment], instant))
            {
                then[id] = entry.After;
            }

            if (dropped is not null)
            {
                foreach (var (id, entry) in await rows.FirstOf([.. moment.Where(id => !then.ContainsKey(id))], instant))
                {
                    then[id] = entry.Before;
                }
            }
        }

        return then;
    }

    /// <summary>Some of what is older may be there yet; it counts as dropped, so that no command counts in part.</summary>
    private static Dictionary<Guid, TrailEntry> Kept(DroppedTrail? dropped, IReadOnlyDictionary<Guid, TrailEntry> entries) =>
        entries.Where(pair => dropped is null || pair.Value.At >= dropped.KeptFrom).ToDictionary();

    /// <summary>The same whether it was dropped or never there: nobody may learn which.</summary>
    private static string Since(DroppedTrail? dropped) => dropped is null ? "" : $", or it was before the trail begins: {dropped.Sentence}";

    private static async ValueTask<bool> IsThere(CommandContext context, Guid id) =>
        (await new GetAppointment { Id = id }.Execute(context)) is { Refusal: null, Value.Version: > 0 };

    /// <summary>Those of which the caller sees the details.</summary>
    private static async ValueTask<Dictionary<Guid, TrailEntry>> Known(CommandContext context, IReadOnlyDictionary<Guid, TrailEntry> lasts)
    {
        var sight = await HistorySight.Over(context, [.. lasts.Values], null);
        return lasts.Where(pair => sight.Show(pair.Value) is { Masked: not true }).ToDictionary();
    }

    private static bool IsDerivedOf(IReadOnlySet<Guid> changed, byte[] json) =>
        WireJson.Read<Appointment>(json).Series is { RecurrenceId: not null, Detached: not true, Id: { } series } && changed.Contains(series);

    private static bool IsSeries(TrailEntry entry) => WireJson.Read<Appointment>((entry.Before ?? entry.After)!).Recurrence is not null
        || (entry.After is { } after && WireJson.Read<Appointment>(after).Recurrence is not null);

    private static bool LiesIn(byte[]? json, Calendar calendar, Timespan timespan)
    {
        if (json is null)
        {
            return false;
        }

        var (says, from, to) = (WireJson.Read<Appointment>(json), timespan.From.ToUnixTimeSeconds(), timespan.To.ToUnixTimeSeconds());
        var row = Bookings.Row(says, AskedCalendars.NoKey, json);
        if (!KnownAppointment.CalendarsOf(says).Contains(calendar.Id))
        {
            return false;
        }

        var attendee = new Attendee { Calendar = calendar.Id, Role = AttendeeRole.Required, Response = AttendeeResponse.Accepted };
        return says.Recurrence is null
            ? Bookings.OfAttendee(says, row, attendee, calendar).Overlaps(from, to)
            : new SeriesOccurrences(says).Around(from, to).Any(occurrence =>
                Bookings.OfOccurrence(says, row with { From = occurrence.From, To = occurrence.To }, occurrence.Key.Local.Date, attendee, calendar)
                    .Overlaps(from, to));
    }
}
