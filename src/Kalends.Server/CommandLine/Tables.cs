using Spectre.Console;

namespace Kalends.Server.CommandLine;

/// <summary>Tables on standard output: drawn on a terminal, the same in plain characters and as wide as need be where a program reads.</summary>
internal static class Tables
{
    private const int WidthForPrograms = 200;

    public static void Write(Surroundings surroundings, IReadOnlyList<string> headings, IEnumerable<IReadOnlyList<string>> rows)
    {
        var table = new Table().Border(surroundings.OutIsTerminal ? TableBorder.Rounded : TableBorder.Ascii);
        foreach (var heading in headings)
        {
            table.AddColumn(new TableColumn(new Text(heading)));
        }

        foreach (var row in rows)
        {
            table.AddRow(row.Select(cell => new Text(cell)));
        }

        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(surroundings.Out),
            Ansi = surroundings.OutIsTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            Interactive = InteractionSupport.No,
        });
        if (!surroundings.OutIsTerminal)
        {
            console.Profile.Width = WidthForPrograms;
        }

        console.Write(table);
    }
}
