using Kalends.Bench.Series;

namespace Kalends.Tests.Conversations.Series;

public sealed class SeriesBenchmarkTests
{
    [Fact]
    public async Task The_measurement_of_series_still_runs()
    {
        using var output = new StringWriter();
        Assert.Equal(0, await SeriesDriver.Run(1, output));
        Assert.Equal(10, output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }
}
