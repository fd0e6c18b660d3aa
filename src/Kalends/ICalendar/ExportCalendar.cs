using System.Text;
using Kalends.Appointments;
using Kalends.Availability;
using Kalends.Messages;
using Kalends.Storage;

namespace Kalends.ICalendar;

/// <summary>
/// A calendar as an iCalendar text: every appointment on it, as far as the caller may see it. A private one of others is a busy
/// block without a word; a secret one is left out. A series comes with its rules, and beside it the occurrences that were changed.
/// </summary>
public sealed record ExportCalendar : Query<ExportedCalendar>, IShowsCalendars
{
    private const int PerRead = 500;

    /// <summary>Characters: 100,000 usual events. The text is whole in memory while it is sent.</summary>
    private const int LongestText = 64 * 1024 * 1024;

    public required CalendarId Calendar { get; init; }

    IEnumerable<CalendarId> IShowsCalendars.Shown => [Calendar];

    public override IEnumerable<Need> Needs(Caller caller) => [new(Calendar, Permission.ViewFreeBusy, "/calendar")];

    public override async ValueTask<Outcome<ExportedCalendar>> Execute(QueryContext context)
    {
        var asked = await AskedCalendars.Find(context, [Calendar]);
        var calendar = asked.Rows.GetValueOrDefault(Calendar);
        var writer = new CalendarWriter(new(calendar?.Name ?? Calendar.Value, calendar?.ZoneOrUtc ?? "UTC", context.Now));
        var text = new StringBuilder(writer.Begin());
        var rows = context.Rows<IAppointmentRows>();
        Guid? after = null;
        while (calendar is not null && await rows.OnCalendar(calendar.Key, after, PerRead) is { Count: > 0 } page)
        {
            context.Stopped.ThrowIfCancellationRequested();
            foreach (var piece in await new ExportedPage(context, asked, calendar, writer).Write(page))
            {
                text.Append(piece);
            }

            if (text.Length > LongestText)
            {
                return Refusal.At(
                    RefusalCode.TooLarge, "/calendar", $"is longer than {LongestText} characters as iCalendar; fetch it page by page with get-appointments");
            }

            after = page[^1].Id;
        }

        return new ExportedCalendar(text.Append(CalendarWriter.End()).ToString());
    }
}

public sealed record ExportedCalendar(string Text) : ITextResult
{
    public string MediaType => "text/calendar";
}
