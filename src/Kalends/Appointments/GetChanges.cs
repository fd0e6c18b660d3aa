using System.Buffers.Binary;
using System.Text;
using Kalends.Messages;
using Kalends.Storage;

namespace Kalends.Appointments;

/// <summary>
/// What changed in a calendar since a token, each appointment once with its last change, oldest first. Without a token: all
/// there is, as created. The new token goes on from here; tokens never expire by age, only when the store has lost what they name.
/// </summary>
public sealed record GetChanges : Query<Changes>
{
    private const int MostPerPage = 1_000;
    private const int UsualLimit = 200;
    private const byte Format = 1;
    private const int TokenLength = 17;

    public required CalendarId Calendar { get; init; }

    public string? Since { get; init; }

    public int? Limit { get; init; }

    public override void Validate(Errors errors) =>
        errors.Require(Limit is null or (>= 1 and <= MostPerPage), "limit", $"must be from 1 to {MostPerPage}");

    public override IEnumerable<Need> Needs(Caller caller) => [new(Calendar, Permission.ViewDetails, "/calendar")];

    public override async ValueTask<Outcome<Changes>> Execute(QueryContext context)
    {
        var start = ReadToken(context.Caller.Tenant);
        if (start.Refusal is { } refusal)
        {
            return refusal;
        }

        var since = start.Value;
        var rows = context.Rows<IChangeRows>();
        if (since > await rows.Last())
        {
            return Refusal.At(RefusalCode.SyncTokenExpired, "/since", "names changes that this store does not have; synchronise again without a token");
        }

        var key = (await context.Rows<ICalendarRows>().Find([Calendar])).GetValueOrDefault(Calendar)?.Key ?? -1;
        var limit = Limit ?? UsualLimit;
        var found = await rows.Since(key, since, limit + 1);
        var page = found.Take(limit).ToList();
        var visible = await Visible(context, page);
        return new Changes(
            [.. page.Where(change => visible.Contains(change.Appointment) && !(Since is null && change.Deleted)).Select(change => Shown(change, since))],
            WriteToken(context.Caller.Tenant, page.Count > 0 ? page[^1].Sequence : since),
            found.Count > page.Count);
    }

    /// <summary>Others' secret appointments are left out; deleted ones say nothing but their id, which only those who knew them can use.</summary>
    private async ValueTask<HashSet<Guid>> Visible(QueryContext context, List<ChangedAppointment> page)
    {
        var asked = await Availability.AskedCalendars.Find(context, [Calendar]);
        HashSet<Guid> living = [.. page.Where(change => !change.Deleted).Select(change => change.Appointment)];
        var hidden = (await context.Rows<IAppointmentRows>().Attendances(living))
            .Where(row => row.Privacy == Availability.Privacy.Secret && asked.Rows.TryGetValue(Calendar, out var own) && row.Calendar == own.Key
                && asked.Sight.Of(row, Calendar) != Availability.Seen.Details)
            .Select(row => row.Appointment).ToHashSet();
        return [.. page.Select(change => change.Appointment).Where(id => !hidden.Contains(id))];
    }

    private static ChangeView Shown(ChangedAppointment change, long since) => new(
        change.Appointment,
        change.Deleted ? ChangeKind.Deleted : change.CreatedAt > since ? ChangeKind.Created : ChangeKind.Modified,
        change.Version);

    private Outcome<long> ReadToken(string tenant)
    {
        if (Since is null)
        {
            return 0L;
        }

        var bytes = OpaqueText.Read(Since) ?? [];
        return bytes.Length == TokenLength && bytes[0] == Format
            && bytes.AsSpan(1, OpaqueText.BindingLength).SequenceEqual(Binding(tenant)) && bytes[9] < 0x80
            ? BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(9))
            : Refusal.At(RefusalCode.Invalid, "/since", "is not a token that get-changes answered for this calendar");
    }

    private string WriteToken(string tenant, long sequence)
    {
        Span<byte> bytes = stackalloc byte[TokenLength];
        bytes[0] = Format;
        Binding(tenant).CopyTo(bytes[1..]);
        BinaryPrimitives.WriteInt64BigEndian(bytes[9..], sequence);
        return OpaqueText.Write(bytes);
    }

    private ReadOnlySpan<byte> Binding(string tenant) => OpaqueText.Binding(Encoding.UTF8.GetBytes($"changes\n{tenant}\n{Calendar}"));
}

public sealed record Changes(
    [property: System.Text.Json.Serialization.JsonPropertyName("changes")] IReadOnlyList<ChangeView> All, string Token, bool More);

public sealed record ChangeView(Guid Id, ChangeKind Kind, long Version);
