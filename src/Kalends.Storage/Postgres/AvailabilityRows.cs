using Kalends.Availability;

namespace Kalends.Storage.Postgres;

/// <summary>The first look of a query about availability: calendars by name, and what is held on them, in one round trip.</summary>
internal sealed class AvailabilityRows(PostgresSession session) : IAvailabilityRows
{
    // A database that was restored, or was made from a standby, began anew or stands by no more; it may have lost changes whose versions it gives
    // again. The same in each row.
    private const string CalendarsSql = $"""
        SELECT {CalendarRows.Columns}, pg_postmaster_start_time(), pg_is_in_recovery() FROM calendar
        WHERE tenant = $1 AND id = ANY ({Unseen.Second}::text[])
        """;

    // Of those that are known whether they still have that version: the name is null then.
    private const string WithKnownSql = $"""
        {CalendarsSql} UNION ALL
        SELECT key, NULL, version, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, pg_postmaster_start_time(), pg_is_in_recovery() FROM calendar
        WHERE tenant = $1 AND key = ANY ({Unseen.Third}::integer[])
        """;

    // Mostly nobody is just deciding, and the first look says so for all calendars.
    private const string HeldSql = """
        SELECT h.calendar, h.start_at, h.end_at, h.hold FROM calendar c
        JOIN hold_calendar h ON h.tenant = $1 AND h.calendar = c.key AND h.start_at < $3 AND h.end_at > $4 AND h.expires_at > $5
        WHERE c.tenant = $1 AND c.id = ANY ($2) AND EXISTS (SELECT 1 FROM hold WHERE tenant = $1 AND expires_at > $5)
        ORDER BY h.calendar, h.start_at, h.hold
        """;

    public async ValueTask<FirstLook> Look(LookFor wanted)
    {
        var (answer, ahead) = (new Answer(null), new AskedAhead(session, wanted));
        await session.Run([.. Statements(wanted, answer), .. ahead.Statements]);
        session.Ahead = ahead;
        return answer.Found(lasts: true);
    }

    public async ValueTask<FirstLook> Glance(LookFor wanted)
    {
        var (answer, ahead) = (new Answer(wanted.Known), new AskedAhead(session, wanted));
        var lasts = await session.RunAlone([.. Statements(wanted, answer), .. ahead.Statements]);
        if (!answer.KnowsAll)
        {
            return await Glance(wanted with { Known = null });
        }

        session.Ahead = ahead;
        return answer.Found(lasts) with { ShowsAll = ahead.ShowsAll };
    }

    private IEnumerable<Statement> Statements(LookFor wanted, Answer answer)
    {
        var asked = wanted.Calendars.Append(wanted.Caller);
        yield return answer.Known.Count == 0
            ? session.Prepare(CalendarsSql).WithAll(asked.Select(id => id.Value)).Reading(answer.AddCalendar)
            : session.Prepare(WithKnownSql).WithAll(asked.Where(id => !wanted.Known!.ContainsKey(id)).Select(id => id.Value)).WithKeys(answer.Known.Keys)
                .Reading(answer.AddCalendar);
        if (wanted.Now is { } now)
        {
            yield return session.Prepare(HeldSql).WithAll(wanted.Calendars.Select(id => id.Value)).WithTime(wanted.To).WithTime(wanted.From).WithTime(now)
                .Reading(row => answer.Held.Add(new(row.Integer(0), row.Time(1), row.Time(2), row.Guid(3))));
        }
    }

    private sealed class Answer(IReadOnlyDictionary<CalendarId, Calendar>? known)
    {
        private readonly Dictionary<CalendarId, Calendar> read = [];
        private string? lineage;
        private int still;

        public Dictionary<long, Calendar> Known { get; } = known?.Values.ToDictionary(calendar => calendar.Key) ?? [];

        /// <summary>False where any of those that were known is another by now.</summary>
        public bool KnowsAll => still == Known.Count;

        public List<HeldTime> Held { get; } = [];

        public void AddCalendar(Row row)
        {
            lineage ??= $"{row.Microsecond(12)} {row.Bool(13)}";
            if (row.IsNull(1))
            {
                still += Known[row.Integer(0)].Version == row.Long(2) ? 1 : 0;
                return;
            }

            var calendar = CalendarRows.Calendar(row);
            read[calendar.Id] = calendar;
        }

        /// <summary>Where it <see cref="KnowsAll"/>.</summary>
        public FirstLook Found(bool lasts) => new(All(), Held) { Lasts = lasts, Lineage = lineage };

        private IReadOnlyDictionary<CalendarId, Calendar> All() => known is null || Known.Count == 0 ? read
            : read.Count == 0 ? known
            : known.Concat(read).ToDictionary();
    }
}
