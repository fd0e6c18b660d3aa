using System.Text.Json;
using Kalends.Server.CommandLine;
using Kalends.Server.Http;
using Kalends.Server.Telemetry.Monitoring;
using Kalends.Tests.Rules;

namespace Kalends.Tests.Telemetry;

/// <summary>The files in <c>deploy/</c> are what the code makes of the thresholds, and no hand has been at them.</summary>
public sealed class MonitoringFilesTests
{
    [Fact]
    public void What_lies_in_deploy_is_what_the_code_makes()
    {
        foreach (var (path, text) in MonitoringFiles.Of(new()))
        {
            Assert.True(
                File.Exists(Path.Combine(SourceTree.Root, "deploy", path)) && SourceTree.Read($"deploy/{path}").ReplaceLineEndings("\n") == text,
                $"deploy/{path} is not what the code makes: ./kalends monitoring --write deploy");
        }
    }

    [Fact]
    public void Each_threshold_warns_at_three_quarters_and_calls_at_nine_tenths()
    {
        var rules = AlertRules.Of(Threshold.Of(new() { QueueAgeSeconds = 200 }));
        Assert.Contains("max by (queue) (kalends_queue_oldest_seconds) >= 150'", rules, StringComparison.Ordinal);
        Assert.Contains("max by (queue) (kalends_queue_oldest_seconds) >= 180'", rules, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_panel_of_the_dashboard_has_its_own_place_and_a_query()
    {
        var panels = JsonDocument.Parse(Dashboard.Of(Threshold.Of(new()))).RootElement.GetProperty("panels").EnumerateArray().ToList();
        Assert.Equal(panels.Count, panels.Select(panel => panel.GetProperty("gridPos").GetRawText()).Distinct().Count());
        Assert.All(panels, panel => Assert.NotEmpty(panel.GetProperty("targets")[0].GetProperty("expr").GetString()!));
    }

    [Fact]
    public async Task The_verb_writes_them_with_the_thresholds_that_are_set()
    {
        var folder = Directory.CreateTempSubdirectory("kalends-");
        var (said, faults) = (new StringWriter(), new StringWriter());
        string[] arguments = ["monitoring", "--write", folder.FullName, "--set", "Kalends:Thresholds:MemoryMegabytes=2000"];
        Assert.Equal(ExitCodes.Done, await KalendsCommandLine.Run(arguments, new() { Out = said, Error = faults }));
        var written = await File.ReadAllTextAsync(Path.Combine(folder.FullName, "prometheus", "kalends-alerts.yml"), TestContext.Current.CancellationToken);
        Assert.Contains("/ 1048576 >= 1800'", written, StringComparison.Ordinal);
        Assert.Equal(2, said.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        arguments = ["monitoring", "--write", folder.FullName, "--set", "Kalends:Thresholds:MemoryMegabytes=0"];
        Assert.Equal(ExitCodes.Failed, await KalendsCommandLine.Run(arguments, new() { Out = said, Error = faults }));
        Assert.Contains("Kalends:Thresholds:MemoryMegabytes must be more than 0", faults.ToString(), StringComparison.Ordinal);
        folder.Delete(recursive: true);
    }

    [Fact]
    public void A_threshold_of_nothing_is_refused() => Assert.Equal([nameof(ThresholdSettings.FaultPercent)], new ThresholdSettings { FaultPercent = 0 }.TooSmall());
}
