using Kalends.Messages;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Availability;

/// <summary>
/// Refuses what would double-book: every calendar when the command says so, and always those whose own policy refuses. Runs inside the
/// write transaction with the calendars locked, so that nobody can slip in between the look and the write.
/// </summary>
public static class ConflictGuard
{
    /// <summary>As many clashes as one refusal names.</summary>
    private const int MostNamed = 100;

    public static async ValueTask<IReadOnlyList<Clash>> Find(
        CommandContext context, IReadOnlyCollection<Attendance> wanted, IReadOnlyDictionary<CalendarId, Calendar> calendars,
        bool refuseAll, Guid? ownHold, Func<Guid, bool>? replaces = null)
    {
        var guarded = calendars.Values.Where(calendar => refuseAll || calendar.DoubleBooking == DoubleBooking.Refuse)
            .Select(calendar => calendar.Key).ToHashSet();
        var blocking = wanted.Where(attendance => attendance.Blocks && guarded.Contains(attendance.Calendar)).ToList();
        if (blocking.Count == 0)
        {
            return [];
        }

        List<long> keys = [.. blocking.Select(attendance => attendance.Calendar).Distinct().Order()];
        var (from, to) = (blocking.Min(attendance => attendance.From), blocking.Max(attendance => attendance.To));
        var rows = context.Rows<IAttendanceRows>();
        var stored = await rows.Overlapping(keys, from, to, blockingOnly: true);
        var held = await rows.Held(keys, from, to, context.Now.ToUnixTimeSeconds());
        var others = replaces is null ? stored : stored.Where(attendance => !replaces(attendance.Appointment));
        return Clashes.Find(blocking, others, held.Where(hold => hold.Hold != ownHold), MostNamed);
    }

    /// <summary>
    /// Every clash with what is booked, however many, for what is laid without anybody being asked: holds give way, and who holds is told when
    /// they save.
    /// </summary>
    public static async ValueTask<IReadOnlyList<Clash>> FindAll(
        CommandContext context, IReadOnlyCollection<Attendance> wanted, IReadOnlyDictionary<CalendarId, Calendar> calendars, Func<Guid, bool> replaces)
    {
        var guarded = calendars.Values.Where(calendar => calendar.DoubleBooking == DoubleBooking.Refuse).Select(calendar => calendar.Key).ToHashSet();
        var blocking = wanted.Where(attendance => attendance.Blocks && guarded.Contains(attendance.Calendar)).ToList();
        if (blocking.Count == 0)
        {
            return [];
        }

        var stored = await context.Rows<IAttendanceRows>().Overlapping(
            [.. blocking.Select(attendance => attendance.Calendar).Distinct().Order()],
            blocking.Min(attendance => attendance.From), blocking.Max(attendance => attendance.To), blockingOnly: true);
        return Clashes.Find(blocking, stored.Where(attendance => !replaces(attendance.Appointment)), [], int.MaxValue);
    }

    /// <summary>
    /// The calendars and spans; an appointment only where the caller may see it. <paramref name="occurrenceOf"/> says which occurrence of a
    /// series a wanted appointment is, and null for others.
    /// </summary>
    public static IReadOnlyList<ConflictingSpan> Spans(
        IReadOnlyList<Clash> clashes, IReadOnlyDictionary<CalendarId, Calendar> calendars, Sight sight, Func<Guid, LocalDateTime?>? occurrenceOf = null)
    {
        var ids = calendars.Values.ToDictionary(calendar => calendar.Key, calendar => calendar.Id);
        return [.. clashes.Select(clash => new ConflictingSpan(
            ids[clash.Calendar],
            new(Instant.FromUnixTimeSeconds(clash.From), Instant.FromUnixTimeSeconds(clash.To)),
            clash.There is { } there && sight.Of(there, ids[clash.Calendar]) == Seen.Details ? there.Appointment : null,
            occurrenceOf?.Invoke(clash.Wanted)))];
    }

    /// <summary>The refusal that names them.</summary>
    public static Refusal Refuse(
        IReadOnlyList<Clash> clashes, IReadOnlyDictionary<CalendarId, Calendar> calendars, Sight sight, Func<Guid, LocalDateTime?>? occurrenceOf = null)
    {
        var spans = Spans(clashes, calendars, sight, occurrenceOf);
        var named = string.Join(", ", spans.Select(span => span.Calendar.Value).Distinct().Take(5));
        return Refusal.Of(RefusalCode.Conflict, $"The time is taken in {named}; nothing was saved. See conflicts.") with { Conflicts = spans };
    }
}
