using Kalends.Appointments;
using Kalends.Messages.Json;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Audit;

/// <summary>
/// What is put back as one: a single appointment, an occurrence of a series that is otherwise left alone, or a series with its occurrences. Neither edit
/// nor plan: it is as it was. Pure.
/// </summary>
internal sealed record RestoreUnit(RestoreTarget Target)
{
    public Edit? Edit { get; private init; }

    public SeriesPlan? Plan { get; private init; }

    public string? Reason { get; init; } = Target.Reason;

    public bool ChangesNothing => Edit is null && Plan is null && Reason is null;

    /// <summary>The appointment itself, as it is and as it is to be.</summary>
    public Edit Own => Edit ?? Plan!.Series;

    public IEnumerable<Appointment> Says => (Plan is null ? [Edit!] : Plan.Occurrences.Prepend(Plan.Series))
        .SelectMany(edit => new[] { edit.Before?.Says, edit.After }).OfType<Appointment>();

    public IEnumerable<CalendarId> Calendars => Says.SelectMany(KnownAppointment.CalendarsOf).Concat(Plan?.Before?.Calendars ?? []);

    public bool IsOf(Guid appointment) => Target.Id == appointment || OccurrenceIds.Read(appointment, Target.Id) is not null;

    public static RestoreUnit Single(RestoreTarget target, KnownAppointment? now, Instant at) => Of(target, now, Then(target) is { } says
        ? Anew(Completion.Retimed(says), Version(target, now), at)
        : null);

    /// <summary>It stays one that says all by itself.</summary>
    public static RestoreUnit Occurrence(RestoreTarget target, KnownAppointment? now, Guid series, Instant at) => (now, Then(target)) switch
    {
        (null, null) => new(target),
        (null, _) => new(target) { Reason = target.Reason ?? $"its series does not occur then any more: restore the series {series}" },
        (_, null) => new(target) { Reason = target.Reason ?? $"it was then what its series said: restore the series {series}" },
        var (known, says) => Of(target, known, Anew(says, known.Row.Version, at) with { Series = known.Says.Series! with { Detached = true } }),
    };

    /// <param name="target">What it is to be, and was at times.</param>
    /// <param name="now">The appointment under this id, series or not.</param>
    /// <param name="known">The series, where it is one now.</param>
    /// <param name="detached">The occurrences that said something of their own then.</param>
    /// <param name="at">When.</param>
    public static RestoreUnit Series(
        RestoreTarget target, KnownAppointment? now, KnownSeries? known, IReadOnlyList<Appointment> detached, Instant at)
    {
        if (Then(target) is not { } says)
        {
            return new(target) { Plan = known is null ? null : SeriesPlan.Delete(known) };
        }

        var after = Anew(Completion.Retimed(says), Version(target, now), at);
        if (says.Recurrence is null)
        {
            return new(target) { Plan = SeriesPlan.Dissolve(known!, after) };
        }

        var before = (known?.Detached ?? []).ToDictionary(occurrence => occurrence.Row.Id);
        var untouched = new List<KnownAppointment>();
        var edits = new List<Edit>();
        foreach (var own in detached)
        {
            if (!before.Remove(own.Id!.Value, out var there))
            {
                edits.Add(new(null, Anew(own, own.Version!.Value, at)));
            }
            else if (Same(there.Says, own))
            {
                untouched.Add(there);
            }
            else
            {
                edits.Add(new(there, Anew(own, there.Row.Version, at)));
            }
        }

        edits.AddRange(before.Values.Select(gone => new Edit(gone, null)));
        return edits.Count == 0 && known is not null && Same(known.Says, after) ? new(target) : new(target)
        {
            Plan = new(known, new Edit(now, after))
            {
                Occurrences = edits, Untouched = untouched, Detached = detached.Select(own => own.Id!.Value).ToHashSet(),
            },
        };
    }

    public static Appointment? Then(RestoreTarget target) => target.Then is { } json ? WireJson.Read<Appointment>(json) : null;

    private static RestoreUnit Of(RestoreTarget target, KnownAppointment? now, Appointment? after) =>
        (now is null && after is null) || (now is not null && after is not null && Same(now.Says, after))
            ? new(target)
            : new(target) { Edit = new(now, after) };

    private static long Version(RestoreTarget target, KnownAppointment? now) => now?.Row.Version ?? target.Last.Version!.Value;

    private static Appointment Anew(Appointment says, long version, Instant at) => says with { Version = version + 1, UpdatedAt = at };

    /// <summary>Whether they say the same; which version that is and since when is no matter.</summary>
    private static bool Same(Appointment one, Appointment other) => Compared(one).AsSpan().SequenceEqual(Compared(other));

    private static byte[] Compared(Appointment says) => WireJson.Write(says with
    {
        Version = null, UpdatedAt = null, Series = says.Series is { } link ? link with { Detached = null } : null,
    });
}
