namespace Kalends.Tests.ICalendar;

/// <summary>Text that comes in pieces, made as it is read.</summary>
internal sealed class ChunkReader(IEnumerable<string> chunks) : TextReader
{
    private readonly IEnumerator<string> rest = chunks.GetEnumerator();
    private int at;

    public override int Read(char[] buffer, int index, int count)
    {
        while (at >= (rest.Current?.Length ?? 0))
        {
            if (!rest.MoveNext())
            {
                return 0;
            }

            at = 0;
        }

        var taken = Math.Min(count, rest.Current!.Length - at);
        rest.Current.CopyTo(at, buffer, index, taken);
        at += taken;
        return taken;
    }

    protected override void Dispose(bool disposing)
    {
        rest.Dispose();
        base.Dispose(disposing);
    }
}
