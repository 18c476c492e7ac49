using Cybernetes.Load.Ceiling;
using Cybernetes.Load.Measuring;
using Cybernetes.Load.Reporting;

namespace Cybernetes.Load.Commands;

/// <summary><c>cyb-load ceiling</c>.</summary>
internal static class CeilingCommand
{
    public static string[] Options { get; } = ["seconds", "warm-up", "http2", "json", "html"];

    public static int Run(Arguments arguments, TextWriter output, TextWriter errors)
    {
        var subject = Measure(
            arguments.Flag("http2"), arguments.Decimal("seconds", 4), arguments.Decimal("warm-up", 1), Console.IsErrorRedirected ? null : errors);
        var report = new Report { Title = "An empty HTTPS server", Subjects = [subject] };
        ReportTable.Write(report, output);
        ReportFiles.Write(report, arguments.Text("json", ""), arguments.Text("html", ""), output);
        return 0;
    }

    public static Subject Measure(bool http2, double seconds, double warmUp, TextWriter? progress)
    {
        using var ceiling = CeilingRun.Start(http2);
        return new("empty Kestrel with TLS (the ceiling)",
        [
            .. new[] { 1, 16, 64 }.Select(clients => ceiling.Post(clients, seconds, warmUp, progress)),
            ceiling.Get(32, seconds, warmUp, progress),
            ceiling.Body(4, seconds, warmUp, progress),
        ]);
    }
}
