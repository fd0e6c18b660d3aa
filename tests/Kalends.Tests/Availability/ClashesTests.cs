using CsCheck;
using Kalends.Availability;

namespace Kalends.Tests.Availability;

public sealed class ClashesTests
{
    private static readonly Gen<Attendance> Any = Gen.Select(
        Gen.Long[1, 3], Gen.Long[0, 40], Gen.Long[0, 12], Gen.Guid,
        (calendar, from, length, id) => new Attendance(calendar, from, from + length, id, Busyness.Busy, Privacy.Public, 0, false));

    [Fact]
    public void Every_clash_is_found_and_no_other() => Gen.Select(Any.Array[0, 12], Any.Array[0, 12]).Sample((wanted, stored) =>
    {
        var found = Clashes.Find(wanted, stored, [], int.MaxValue).Select(Pair).ToHashSet();
        var expected = Expected(wanted, stored).ToHashSet();
        Assert.True(expected.SetEquals(found));
    });

    [Fact]
    public void No_more_are_named_than_asked_for() => Gen.Select(Any.Array[0, 12], Gen.Int[0, 5]).Sample((wanted, most) =>
        Assert.Equal(Math.Min(most, Clashes.Find(wanted, [], [], int.MaxValue).Count), Clashes.Find(wanted, [], [], most).Count));

    [Fact]
    public void First_come_takes_what_fits_and_leaves_only_what_does_not() => Gen.Select(Any.Array[1, 20], Any.Array[0, 8]).Sample((wanted, stored) =>
    {
        var room = new FirstCome(stored, []);
        var kept = new List<Attendance>();
        foreach (var attendance in wanted)
        {
            var fits = !stored.Concat(kept).Any(other => Overlap(attendance, other));
            Assert.Equal(fits, room.Refuse([attendance]) is null);
            if (fits)
            {
                kept.Add(attendance);
            }
        }
    });

    [Fact]
    public void What_lies_on_one_another_already_costs_no_more_than_what_does_not()
    {
        // 200,000 long ones that all overlap, and one that is wanted after them: with a look at each pair this would not end.
        var stored = Enumerable.Range(0, 200_000).Select(n =>
            new Attendance(1, n, 1_000_000, Guid.CreateVersion7(), Busyness.Busy, Privacy.Public, 0, false)).ToList();
        var after = new Attendance(1, 1_000_000, 1_000_100, Guid.CreateVersion7(), Busyness.Busy, Privacy.Public, 0, false);
        Assert.Empty(Clashes.Find([after], stored, [], 100));
        Assert.Equal(100, Clashes.Find([after with { From = 999_999 }], stored, [], 100).Count);
    }

    private static IEnumerable<(Guid, Guid)> Expected(Attendance[] wanted, Attendance[] stored)
    {
        for (var i = 0; i < wanted.Length; i++)
        {
            foreach (var other in stored.Concat(wanted.Skip(i + 1)).Where(other => Overlap(wanted[i], other)))
            {
                yield return Sorted(wanted[i].Appointment, other.Appointment);
            }
        }
    }

    private static bool Overlap(Attendance left, Attendance right) =>
        left.Calendar == right.Calendar && left.Blocks && right.Blocks && left.From < right.To && right.From < left.To;

    private static (Guid, Guid) Pair(Clash clash) => Sorted(clash.Wanted, clash.There!.Value.Appointment);

    private static (Guid, Guid) Sorted(Guid left, Guid right) => left.CompareTo(right) < 0 ? (left, right) : (right, left);
}
