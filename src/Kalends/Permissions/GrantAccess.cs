using Kalends.Messages;
using Kalends.Storage;

namespace Kalends.Permissions;

/// <summary>
/// Gives relations to calendars, groups and the tenant, all or none. An owner of the object may, and a token with the scope kalends.admin; of the
/// tenant the latter alone. Granting what was granted changes nothing. The answer's position, sent back with a query, has it judged by this or newer.
/// </summary>
public sealed record GrantAccess : Command<ChangedAccess>
{
    public required IReadOnlyList<RelationTuple> Relationships { get; init; }

    public override object TrailData => this;

    public override void Validate(Errors errors) => RelationChanges.Validate(Relationships, errors);

    public override async ValueTask<Outcome<ChangedAccess>> Execute(CommandContext context) =>
        await RelationChanges.Refuse(context, Relationships) is { } refusal
            ? refusal
            : await RelationChanges.Make(context, Relationships, rows => rows.Add(Relationships));
}

/// <summary>Takes relations back, all or none; what was not granted is no fault. Whoever may grant may revoke.</summary>
public sealed record RevokeAccess : Command<ChangedAccess>
{
    public required IReadOnlyList<RelationTuple> Relationships { get; init; }

    public override object TrailData => this;

    public override void Validate(Errors errors) => RelationChanges.Validate(Relationships, errors);

    public override async ValueTask<Outcome<ChangedAccess>> Execute(CommandContext context) =>
        await RelationChanges.Refuse(context, Relationships) is { } refusal
            ? refusal
            : await RelationChanges.Make(context, Relationships, rows => rows.Remove(Relationships));
}

/// <summary>How many relationships were not so before, and the position from which on it holds (absent from a dry run).</summary>
public sealed record ChangedAccess(int Changed, string? Position = null) : IAnswersPosition
{
    public object At(Position position) => this with { Position = position.ToString() };
}
