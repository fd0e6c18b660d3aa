using Kalends.Availability;

namespace Kalends.Tests.Availability;

/// <summary>
/// Writes examples as people say them: <c>Busy(9, 10.5)</c> is from nine to half past ten on one day, and answers read the same.
/// The day is long past midnight on both sides, so that buffers have somewhere to lie.
/// </summary>
internal static class OneDay
{
    /// <summary>2026-11-23T00:00:00Z.</summary>
    public const long Midnight = 1_795_392_000;

    public static long At(double hour) => Midnight + (long)Math.Round(hour * 3600);

    public static long Hours(double hours) => (long)Math.Round(hours * 3600);

    public static Block Of(BlockState state, double from, double to) => new(At(from), At(to), state);

    public static Block Busy(double from, double to) => Of(BlockState.Busy, from, to);

    public static Block Closed(double from, double to) => Of(BlockState.Closed, from, to);

    public static Block Tentative(double from, double to) => Of(BlockState.Tentative, from, to);

    public static Block Secret(double from, double to) => Of(BlockState.Unavailable, from, to);

    public static Timeline Person(params Block[] blocks) => Timeline.Build(blocks, At(-48), At(72));

    /// <summary>From eight to eighteen.</summary>
    public static OpeningsRequest Day(params AttendeeGroup[] groups) => new() { From = At(8), To = At(18), Groups = groups };

    public static OpeningsRequest Day(params Timeline[] everyone) => Day(AttendeeGroup.Everyone(everyone));

    public static string Find(OpeningsRequest request) => string.Join(", ", Openings.Find(request).Select(Say));

    public static string Misses(OpeningsRequest request, int count) => string.Join(", ", NearMisses.Find(request, count)
        .Select(miss => $"{Hour(miss.From)}-{Hour(miss.To)} {string.Join(' ', miss.BlockedBy.Select(Say))}"));

    public static string Say(IEnumerable<Block> blocks) =>
        string.Join(", ", blocks.Select(block => $"{Hour(block.From)}-{Hour(block.To)} {block.State}"));

    private static string Say(Opening opening) => $"{Hour(opening.From)}-{Hour(opening.To)}"
        + string.Concat(opening.Free.Select(list => $" free {string.Join('+', list)}"))
        + (opening.Missing.Length == 0 ? "" : $" missing {string.Join('+', opening.Missing)}");

    private static string Say(Blocker blocker) => $"{blocker.Group}/{blocker.Member}:{blocker.Reason}";

    private static string Hour(long moment) => FormattableString.Invariant($"{(moment - Midnight) / 3600.0:0.####}");
}
