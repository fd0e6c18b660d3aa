using Kalends.Messages;
using Kalends.Storage;

namespace Kalends.Permissions;

/// <summary>
/// <c>object#relation@subject</c> (Pang and others, "Zanzibar", 2019, §2.1): the subject has the relation to the object. An object is a calendar,
/// a group or the tenant: <c>calendar:user:ana</c>, <c>group:eng</c>, <c>tenant:acme</c>. A subject is a person, service or app by its id
/// (<c>user:ben</c>, <c>app:crm</c>), all members of a group (<c>group:eng#member</c>), or everyone of the tenant (<c>user:*</c>).
/// </summary>
public sealed record RelationTuple
{
    /// <summary>In characters: an id of a calendar with what its kind adds.</summary>
    public const int LongestText = CalendarId.LongestId + 20;

    public required string Object { get; init; }

    public required string Relation { get; init; }

    public required string Subject { get; init; }

    /// <summary>Notes what is wrong with it. What is right names a relation that its object can have, and a subject that it can have it to.</summary>
    public void Check(string tenant, Errors errors)
    {
        errors.Require(IsText(Object) && AccessSchema.KindOf(Object) is not null, "object", AccessSchema.ObjectForm);
        errors.Require(
            !Object.StartsWith(AccessSchema.TenantPrefix, StringComparison.Ordinal) || Object == AccessSchema.Tenant(tenant),
            "object", $"is not your tenant: {AccessSchema.Tenant(tenant)}");
        if (AccessSchema.KindOf(Object) is { } kind)
        {
            errors.Require(kind.Relations.Contains(Relation), "relation", $"must be one of {string.Join(", ", kind.Relations)} on a {kind.Name}");
        }

        errors.Require(IsText(Subject) && AccessSchema.IsSubject(Subject), "subject", AccessSchema.SubjectForm);
        errors.Require(
            Relation != AccessSchema.Restricted || Subject == AccessSchema.Everyone, "subject", $"of restricted must be {AccessSchema.Everyone}");
    }

    public override string ToString() => $"{Object}#{Relation}@{Subject}";

    private static bool IsText(string text) => text.Length is > 0 and <= LongestText && !text.Any(char.IsControl);
}
