namespace Kalends.Availability;

/// <summary>The moments at which slots may begin: whole multiples of a step, in seconds, since the Unix epoch, UTC.</summary>
internal readonly record struct StepGrid(long Step)
{
    public long AtOrAfter(long moment) => AtOrBefore(moment + Step - 1);

    public long AtOrBefore(long moment)
    {
        var beyond = moment % Step;
        return moment - (beyond < 0 ? beyond + Step : beyond);
    }
}
