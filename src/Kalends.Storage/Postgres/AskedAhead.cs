using Kalends.Appointments;
using Kalends.Availability;

namespace Kalends.Storage.Postgres;

/// <summary>
/// What a query goes on to ask after its first look, asked along with it, so that one round trip answers both. The rows of each capability look here
/// before they ask the database, and find their answer where they are asked for just that.
/// </summary>
internal sealed class AskedAhead
{
    /// <summary>What is scanned ahead is held until it is asked for; more than some megabytes are better read as they come.</summary>
    private const int MostScanned = 100_000;

    private readonly LookFor wanted;
    private readonly LookAhead ahead;
    private readonly List<Statement> statements = [];

    private readonly List<Attendance> shown = [];
    private readonly Dictionary<Guid, Func<AppointmentRow>> appointments = [];
    private readonly List<BlockingTime> scanned = [];
    private readonly List<OpenHoursRow> openHours = [];
    private readonly List<Attendance> named = [];
    private readonly Dictionary<Guid, string> titles = [];
    private bool anyOpen;

    public AskedAhead(PostgresSession session, LookFor wanted)
    {
        (this.wanted, ahead) = (wanted, wanted.Ahead ?? new());
        if (ahead.Shown > 0)
        {
            statements.Add(AttendanceRows.Shown(session, wanted, ahead.Shown).Reading(AddShown));
            statements.Add(SeriesRows.AnyOpen(session, wanted.Calendars, OpenBefore).Reading(_ => anyOpen = true));
        }

        if (ahead.Scanned.Count > 0)
        {
            statements.Add(AttendanceRows.Scanning(session, ahead.Scanned, ahead.ScanSpan).Reading(row =>
            {
                if (scanned.Count <= MostScanned)
                {
                    scanned.Add(AttendanceRows.Time(row));
                }
            }));
            statements.Add(OpenHoursRows.Finding(session, ahead.Scanned).Reading(row => openHours.Add(OpenHoursRows.Hours(row))));
        }

        if (ahead.Named.Count > 0)
        {
            statements.Add(AttendanceRows.Blocking(session, ahead.Named, Span).Reading(row => named.Add(AttendanceRows.Attendance(row))));
            statements.Add(AttendanceRows.BlockingTitles(session, ahead.Named, Span).Reading(row => titles[row.Guid(0)] = row.Text(1)));
        }

        if (Known.Count > 0)
        {
            statements.Add(SeriesRows.Opening(session, Known, OpenBefore).Reading(_ => anyOpen = true));
        }
    }

    public IReadOnlyList<Statement> Statements => statements;

    public bool ShowsAll => ahead.Shown > 0 && !anyOpen && shown.Count < ahead.Shown;

    /// <summary>A span of no length is searched as the second that begins with it.</summary>
    private (long From, long To) Span => (wanted.From, Math.Max(wanted.To, wanted.From + 1));

    private IReadOnlyList<long> Known => ahead.Scanned.Count > 0 ? ahead.Scanned : ahead.Named;

    private long OpenBefore => Math.Max(Span.To, ahead.ScanSpan.To) + Time.NominalDuration.SecondsPerDay;

    public IReadOnlyList<Attendance>? Page((long From, long To) span, bool blockingOnly, AttendancePlace? after, int limit) =>
        ShowsAll && !blockingOnly && after is null && limit <= ahead.Shown && span == (wanted.From, wanted.To) ? [.. shown.Take(limit)] : null;

    public IReadOnlyDictionary<Guid, AppointmentRow>? Find(IReadOnlyCollection<Guid> ids) =>
        ids.All(appointments.ContainsKey) ? ids.Distinct().ToDictionary(id => id, id => appointments[id]()) : null;

    public bool NoneOpen(IReadOnlyCollection<long> calendars, long before) => !anyOpen && before <= OpenBefore && (ShowsAll || IsKnown(calendars));

    public IReadOnlyList<BlockingTime>? Scan(IReadOnlyList<long> calendars, long from, long to) =>
        scanned.Count <= MostScanned && (from, to) == ahead.ScanSpan && calendars.SequenceEqual(ahead.Scanned) ? scanned : null;

    public IReadOnlyList<OpenHoursRow>? OpenHours(IReadOnlyCollection<long> calendars) =>
        ahead.Scanned.Count > 0 && calendars.SequenceEqual(ahead.Scanned) ? openHours : null;

    public IReadOnlyList<Attendance>? Overlapping(IReadOnlyList<long> calendars, long from, long to, bool blockingOnly) =>
        ahead.Named.Count > 0 && blockingOnly && (from, to) == Span && calendars.SequenceEqual(ahead.Named) ? named : null;

    public IReadOnlyDictionary<Guid, string>? Titles(IReadOnlyCollection<Guid> ids) =>
        ids.All(titles.ContainsKey) ? ids.Distinct().ToDictionary(id => id, id => titles[id]) : null;

    private void AddShown(Row row)
    {
        shown.Add(AttendanceRows.Attendance(row));
        AddAppointment(row, AttendanceRows.ShownAppointment);
        if (!row.IsNull(AttendanceRows.ShownSeries))
        {
            AddAppointment(row, AttendanceRows.ShownSeries);
        }
    }

    private void AddAppointment(Row row, int at)
    {
        var id = row.Guid(at);
        if (!appointments.ContainsKey(id))
        {
            appointments[id] = AppointmentRows.Packed(row, at);
        }
    }

    private bool IsKnown(IReadOnlyCollection<long> calendars) => Known.Count > 0 && calendars.All(Known.Contains);
}
