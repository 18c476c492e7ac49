using System.Globalization;
using Cybernetes.Load.Measuring;

namespace Cybernetes.Load.Reporting;

/// <summary>A report as text for a terminal.</summary>
internal static class ReportTable
{
    public static void Write(Report report, TextWriter output)
    {
        foreach (var subject in report.Subjects)
            WriteRuns(subject, output);
        foreach (var table in report.Comparisons)
            WriteComparison(table, output);
        foreach (var note in report.Notes)
            output.WriteLine("  " + note);
    }

    public static string Megabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:n0} MB");

    private static void WriteRuns(Subject subject, TextWriter output)
    {
        output.WriteLine($"\n{subject.Name}");
        output.WriteLine($"  {"",-28} {"per s",9} {"MB/s",7} {"p50 ms",8} {"p99 ms",8} {"p99.9",8} {"max ms",8} "
            + $"{"µs CPU",8} {"cores",6} {"own",5} {"RSS MB",7}");
        foreach (var run in subject.Runs)
        {
            var main = run.Latencies.FirstOrDefault() ?? new LatencyFigures { Name = "" };
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"  {run.Scenario,-28} {run.PerSecond,9:n0} {run.MegabytesPerSecond,7:n0} {Times(main)} "
                + $"{run.ServerCpuMicroseconds,8:n1} {run.ServerCores,6:n2} {run.OwnCores,5:n2} {run.ResidentBytes / 1e6,7:n0}"));
            foreach (var more in run.Latencies.Skip(1))
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"    {more.Name,-26} {more.Count / run.Seconds,9:n0} {"",7} {Times(more)}"));
            foreach (var (what, count) in run.Errors)
                output.WriteLine($"    errors: {count} × {what}");
            if (run.Errors.Count > 0 && run.FirstError.Length > 0)
                output.WriteLine($"    the first: {run.FirstError}");
        }
    }

    private static string Times(LatencyFigures figures) => string.Create(CultureInfo.InvariantCulture,
        $"{figures.P50Ms,8:n2} {figures.P99Ms,8:n2} {figures.P999Ms,8:n2} {figures.MaximumMs,8:n2}");

    private static void WriteComparison(ComparisonTable table, TextWriter output)
    {
        output.WriteLine($"\n{table.Title}");
        output.WriteLine($"  {"",-44} {"here",12} {table.TheirName,20} {"ratio",7} {"asked",7}");
        foreach (var row in table.Rows)
        {
            var asked = row.Asked > 0 ? string.Create(CultureInfo.InvariantCulture, $"{row.Asked:0.##} ×") : "";
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"  {row.What,-44} {Number(row.Ours),12} {Number(row.Theirs),20} {row.Ratio,5:n2} × {asked,7} {row.Unit,-10} {Verdict(row)}"));
        }
    }

    private static string Number(double value) => value.ToString(value < 100 ? "n2" : "n0", CultureInfo.InvariantCulture);

    private static string Verdict(Comparison row) => row.IsReached switch { true => "reached", false => "not reached", null => "" };
}
