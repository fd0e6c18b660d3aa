using System.Text;
using Kalends.Availability;
using Kalends.Messages;
using Kalends.Messages.Json;
using Kalends.Storage;

namespace Kalends.Appointments;

/// <summary>
/// What changed in a calendar since a token, each appointment once with its last change, oldest first. Without a token: all
/// there is, as created, page by page. The new token goes on from here. Tokens do not expire by age, only when the store has lost what
/// they name, or dropped from the trail what came after it. Who may not see details is told of private appointments under their masked ids, and
/// never of secret ones.
/// </summary>
public sealed record GetChanges : Query<Changes>, IShowsCalendars
{
    private const int MostPerPage = 1_000;
    private const int UsualLimit = 200;

    public required CalendarId Calendar { get; init; }

    public string? Since { get; init; }

    public int? Limit { get; init; }

    IEnumerable<CalendarId> IShowsCalendars.Shown => [Calendar];

    public override void Validate(Errors errors) =>
        errors.Require(Limit is null or (>= 1 and <= MostPerPage), "limit", $"must be from 1 to {MostPerPage}");

    public override IEnumerable<Need> Needs(Caller caller) => [new(Calendar, Permission.ViewFreeBusy, "/calendar")];

    public override async ValueTask<Outcome<Changes>> Execute(QueryContext context)
    {
        var asked = await AskedCalendars.Find(context, [Calendar]);
        var last = asked.Rows.GetValueOrDefault(Calendar)?.Version ?? 0;
        var start = await ReadToken(context);
        if (start.Refusal is { } refusal)
        {
            return refusal;
        }

        if (start.Value.At > last)
        {
            return Lost();
        }

        if (start.Value is { FirstUntil: null } known && Since is not null && known.At < last && await context.Rows<IRetentionRows>().AnyDropped(
            new Dictionary<long, long> { [asked.Keys[0]] = Math.Min(known.At, known.Began ?? known.At) }))
        {
            return Refusal.At(
                RefusalCode.SyncTokenExpired, "/since", "is older than what the trail tells of changes; synchronise again without a token");
        }

        // A first synchronisation that takes several pages shows what there is, until it has passed where it began.
        var sight = asked.Sight.On(Calendar);
        if (Since is not null && start.Value.Sight is { } then && then != sight)
        {
            return Refusal.At(
                RefusalCode.SyncTokenExpired, "/since", "is of when more or less of the calendar was to be seen; synchronise again without a token");
        }

        var from = start.Value.FirstUntil is null && Since is null ? new Token(0, last, null, sight) : start.Value with { Sight = sight };
        return await Page(context, asked, from);
    }

    private async ValueTask<Changes> Page(QueryContext context, AskedCalendars asked, Token from)
    {
        var rows = context.Rows<IChangeRows>();
        var key = asked.Rows.GetValueOrDefault(Calendar)?.Key ?? AskedCalendars.NoKey;
        var viewer = new ChangeViewer(context, asked, key);
        var limit = Limit ?? UsualLimit;
        var (shown, at, more, isFirst) = (new List<ChangeView>(), from.At, true, from.FirstUntil is not null);
        while (more && shown.Count < limit)
        {
            // What may not be shown takes no place on a page, so that an empty one tells nothing.
            var room = limit - shown.Count;
            var found = await rows.Since(key, at, room + 1);
            var page = found.Where(change => from.FirstUntil is not { } last || change.CalendarVersion <= last).Take(room).ToList();
            shown.AddRange(await viewer.Show(page, isFirst ? 0 : from.At, isFirst ? 0 : from.Began ?? from.At));
            (at, more) = (page.Count > 0 ? page[^1].CalendarVersion : at, found.Count > page.Count);
            if (from.FirstUntil is { } until && page.Count < room)
            {
                // What has changed since it began goes on from there: some of it was shown as it was.
                (at, isFirst) = (until, false);
                break;
            }
        }

        // A first synchronisation is of one moment. Later pages of changes are each of their own.
        var began = more && from.FirstUntil is null ? from.Began ?? from.At : (long?)null;
        return new(shown, await WriteToken(context, new(at, isFirst && more ? from.FirstUntil : null, began, from.Sight)), more);
    }

    private async ValueTask<Outcome<Token>> ReadToken(QueryContext context) => Since is null
        ? new Token(0, null, null, null)
        : await context.Sealed.Open(Since, GoodFor(context)) switch
        {
            { IsLost: true } => Lost(),
            { Bytes: var bytes } => WireJson.Read<Token>(bytes),
            _ => Refusal.At(RefusalCode.Invalid, "/since", "is not a token that get-changes answered for this calendar"),
        };

    private static Refusal Lost() =>
        Refusal.At(RefusalCode.SyncTokenExpired, "/since", "names changes that this store does not have; synchronise again without a token");

    private ValueTask<string> WriteToken(QueryContext context, Token token) => context.Sealed.Seal(WireJson.Write(token), GoodFor(context));

    private byte[] GoodFor(QueryContext context) => Encoding.UTF8.GetBytes($"changes\n{context.Caller.Tenant}\n{Calendar}");

    /// <summary>
    /// The version of the calendar a client has come to; while its first synchronisation lasts, where that began; between pages of changes, after which
    /// version they come; and how much of it they were shown: under another permission the same appointments have other names.
    /// </summary>
    private sealed record Token(long At, long? FirstUntil, long? Began, Permission? Sight);
}

public sealed record Changes(
    [property: System.Text.Json.Serialization.JsonPropertyName("changes")] IReadOnlyList<ChangeView> All, string Token, bool More);

public sealed record ChangeView(Guid Id, ChangeKind Kind, long Version);
