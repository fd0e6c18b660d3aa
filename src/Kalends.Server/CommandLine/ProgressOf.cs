using System.Diagnostics;
using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Kalends.Server.CommandLine;

/// <summary>
/// How far a long piece of work has come, on standard error: a bar on a terminal, a line every few seconds elsewhere, nothing for
/// what is done before the first would be due.
/// </summary>
internal static class ProgressOf
{
    private static readonly TimeSpan BetweenLines = TimeSpan.FromSeconds(5);

    /// <summary>The work is given a way to say how much more of the total is done.</summary>
    public static Task<T> Run<T>(Surroundings surroundings, string what, long total, Func<Action<long>, Task<T>> work) =>
        surroundings.ErrorIsTerminal ? WithBar(surroundings, what, total, work) : WithLines(surroundings, what, total, work);

    private static Task<T> WithBar<T>(Surroundings surroundings, string what, long total, Func<Action<long>, Task<T>> work)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(surroundings.Error) });
        return console.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new CountColumn(), new RemainingTimeColumn())
            .StartAsync(context =>
            {
                var task = context.AddTask(Markup.Escape(what), maxValue: Math.Max(1, total));
                return work(done => task.Increment(done));
            });
    }

    private static Task<T> WithLines<T>(Surroundings surroundings, string what, long total, Func<Action<long>, Task<T>> work)
    {
        var done = 0L;
        var (began, last) = (Stopwatch.StartNew(), Stopwatch.StartNew());
        return work(more =>
        {
            done += more;
            if (last.Elapsed >= BetweenLines)
            {
                last.Restart();
                var left = began.Elapsed.TotalSeconds * Math.Max(0, total - done) / Math.Max(1, done);
                surroundings.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what}: {done:N0} of {total:N0}, some {left:N0} s left"));
            }
        });
    }

    private sealed class CountColumn : ProgressColumn
    {
        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime) =>
            new Text(string.Create(CultureInfo.InvariantCulture, $"{task.Value:N0} of {task.MaxValue:N0}"));
    }
}
