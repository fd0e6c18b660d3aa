using CsCheck;
using Kalends.Appointments;
using NodaTime;

namespace Kalends.Tests.Conversations.Series;

/// <summary>Ids of occurrences: what is put into them comes out again, they sort as the occurrences do, and none stands for two.</summary>
public sealed class OccurrenceIdsTests
{
    private const int Cases = 20_000;

    private static readonly LocalDateTime First = new(1900, 1, 1, 0, 0);

    private static readonly long Seconds = Period.Between(First, new(2199, 12, 31, 23, 59, 59), PeriodUnits.Seconds).Seconds;

    private static readonly Gen<Guid> SeriesIds = Gen.Select(Gen.Byte.Array[16], Gen.Bool.Select(random => random ? 4 : 7), (bytes, version) =>
    {
        bytes[6] = (byte)((version << 4) | (bytes[6] & 0x0F));
        bytes[8] = (byte)(0x80 | (bytes[8] & 0x3F));
        return new Guid(bytes, bigEndian: true);
    });

    private static readonly Gen<OccurrenceKey> Keys = Gen.Select(
        Gen.OneOf(Gen.Long[0, Seconds], Gen.Const(0L), Gen.Const(Seconds)), Gen.Bool, (seconds, second) => OccurrenceKey.Of(First.PlusSeconds(seconds), second));

    [Fact]
    public void What_is_put_into_an_id_comes_out_again() => Gen.Select(SeriesIds, Keys).Sample(
        (series, key) =>
        {
            var id = OccurrenceIds.Of(series, key);
            Assert.Equal(key, OccurrenceIds.Read(id, series));
            Assert.Equal(key, OccurrenceIds.KeyOf(id));
            Assert.Equal(series.ToByteArray(bigEndian: true)[^3..], OccurrenceIds.TailOf(id));
            Assert.Equal(series.ToByteArray(bigEndian: true)[..OccurrenceIds.SharedHead], id.ToByteArray(bigEndian: true)[..OccurrenceIds.SharedHead]);
            Assert.Equal(id, OccurrenceIds.Of(series, key));
            Assert.Equal((8, 0x80), (id.Version, id.ToByteArray(bigEndian: true)[8] & 0xC0));
            Assert.True(OccurrenceIds.MayBe(id));
            Assert.False(OccurrenceIds.MayBe(series));
        },
        iter: Cases);

    [Fact]
    public void A_key_says_its_wall_time_and_which_passing_of_it() => Gen.Select(Gen.Long[0, Seconds], Gen.Bool).Sample(
        (seconds, second) =>
        {
            var key = OccurrenceKey.Of(First.PlusSeconds(seconds), second);
            Assert.Equal((First.PlusSeconds(seconds), second), (key.Local, key.IsSecondPassing));
        },
        iter: Cases);

    [Fact]
    public void Ids_of_one_series_sort_as_its_occurrences_do() => Gen.Select(SeriesIds, Keys, Keys).Sample(
        (series, one, other) =>
        {
            var (left, right) = (OccurrenceIds.Of(series, one), OccurrenceIds.Of(series, other));
            Assert.Equal(Math.Sign(one.CompareTo(other)), Math.Sign(left.CompareTo(right)));
            // And as the store has them, byte by byte.
            Assert.Equal(
                Math.Sign(one.CompareTo(other)), Math.Sign(left.ToByteArray(bigEndian: true).AsSpan().SequenceCompareTo(right.ToByteArray(bigEndian: true))));
        },
        iter: Cases);

    [Fact]
    public void An_id_is_no_occurrence_of_another_series() => Gen.Select(SeriesIds, SeriesIds, Keys, Gen.Int[0, 127]).Sample(
        (series, other, key, bit) =>
        {
            var id = OccurrenceIds.Of(series, key);
            Assert.Null(series == other ? null : OccurrenceIds.Read(id, other));
            Assert.Null(OccurrenceIds.Read(series, series));
            // One bit of its own series' id made another, the id of the occurrence as it was.
            var bytes = id.ToByteArray(bigEndian: true);
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            var spoilt = new Guid(bytes, bigEndian: true);
            Assert.True(OccurrenceIds.Read(spoilt, series) is not { } read || OccurrenceIds.Of(series, read) == spoilt);
        },
        iter: Cases);

    [Fact]
    public void Series_made_in_the_same_millisecond_do_not_share_an_id()
    {
        var random = new Random(20261102);
        var ids = new HashSet<Guid>();
        var bytes = new byte[16];
        var keys = new[] { 0L, 2 * 86_400 * 365L, 8_000_000_000 }.Select(seconds => new OccurrenceKey(seconds)).ToList();
        for (var number = 0; number < 10_000; number++)
        {
            random.NextBytes(bytes.AsSpan(6));
            bytes[6] = (byte)(0x70 | (bytes[6] & 0x0F));
            bytes[8] = (byte)(0x80 | (bytes[8] & 0x3F));
            Assert.All(keys, key => Assert.True(ids.Add(OccurrenceIds.Of(new(bytes, bigEndian: true), key)), $"series {number}, key {key.Value}"));
        }
    }

    [Fact]
    public void Keys_beyond_what_an_id_holds_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => OccurrenceIds.Of(Guid.Empty, new(-1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => OccurrenceIds.Of(Guid.Empty, new(1L << 35)));
        Assert.True(OccurrenceKey.Of(new(2199, 12, 31, 23, 59, 59), true).Value < 1L << 35);
    }
}
