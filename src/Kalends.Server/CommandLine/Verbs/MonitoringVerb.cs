using System.CommandLine;
using Kalends.Server.Http;
using Kalends.Server.Telemetry.Monitoring;

namespace Kalends.Server.CommandLine.Verbs;

/// <summary>Writes alert rules for Prometheus and a dashboard for Grafana, made from the thresholds that are set.</summary>
internal static class MonitoringVerb
{
    public static Command Create(Surroundings surroundings)
    {
        var set = Configured.SetOption();
        var write = new Option<string>("--write")
        {
            Description = "The folder to write to; its folders prometheus and grafana are made.", HelpName = "FOLDER", Required = true,
        };
        var verb = new ExplainedCommand("monitoring", "Writes alert rules for Prometheus and a dashboard for Grafana, made from Kalends:Thresholds")
        {
            Example = "kalends monitoring --write deploy\nkalends monitoring --write /etc/kalends --set Kalends:Thresholds:QueueAgeSeconds=300",
        };
        verb.Add(write);
        verb.Add(set);
        verb.SetAction(async (parsed, stopped) =>
        {
            // No store is asked for, so none is found wanting.
            var settings = KalendsSettings.From(Configured.Read(Configured.DefaultStore, parsed.GetValue(set)).Root);
            foreach (var (path, text) in MonitoringFiles.Of(settings.Thresholds))
            {
                var file = Path.Combine(parsed.GetValue(write)!, path);
                Directory.CreateDirectory(Path.GetDirectoryName(file)!);
                await File.WriteAllTextAsync(file, text, stopped);
                await surroundings.Out.WriteLineAsync(file);
            }

            return ExitCodes.Done;
        });
        return verb;
    }
}
