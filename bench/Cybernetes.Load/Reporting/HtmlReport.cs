using System.Globalization;
using System.Text;
using Cybernetes.Load.Measuring;

namespace Cybernetes.Load.Reporting;

/// <summary>A report as one page that needs nothing else: tables and plots, for dark and light screens and for paper.</summary>
internal static class HtmlReport
{
    private const string Style = """
        :root { color-scheme: light dark; --ink:#1d2430; --dim:#667085; --back:#fff; --line:#e3e6ec; --good:#2e9e6b; --bad:#d1495b;
          --s0:#3b6fd4; --s1:#d9822b; --s2:#2e9e6b; --s3:#a23bb3; --s4:#c0392b; --s5:#0f8fa8; }
        @media (prefers-color-scheme: dark) { :root { --ink:#e6e9ef; --dim:#98a2b3; --back:#14171c; --line:#2b313b; --good:#4cc38a; --bad:#f2798a;
          --s0:#7aa5ff; --s1:#f0a860; --s2:#4cc38a; --s3:#d58be0; --s4:#f08a80; --s5:#5cc8dc; } }
        body { font: 15px/1.5 system-ui, sans-serif; color:var(--ink); background:var(--back); max-width:76rem; margin:2rem auto; padding:0 1rem; }
        h1 { font-size:1.5rem; margin-bottom:0 } h2 { font-size:1.15rem; margin-top:2.2rem } h3 { font-size:1rem; margin:.2rem 0 }
        .dim, .legend, .unit { color:var(--dim) } .legend span { margin-right:1.2em } .legend span::before { content:'■ ' }
        .scroll { overflow-x:auto } table { border-collapse:collapse; font-variant-numeric:tabular-nums; }
        td, th { padding:.25rem .7rem; border-bottom:1px solid var(--line); text-align:right; white-space:nowrap }
        td:first-child, th:first-child { text-align:left }
        .plots { display:grid; grid-template-columns:repeat(auto-fit, minmax(min(26rem, 100%), 1fr)); gap:1rem 2rem } figure { margin:0 }
        svg { width:100%; height:auto; font-size:11px } svg text { fill:var(--ink) } svg .unit { fill:var(--dim) } .grid { stroke:var(--line) }
        polyline { fill:none; stroke-width:1.8; stroke-linejoin:round } .asked { stroke:var(--ink); stroke-width:2 }
        .good { fill:var(--good); color:var(--good) } .bad { fill:var(--bad); color:var(--bad) } rect.c0 { fill:var(--s0) }
        """;

    public static string Write(Report report)
    {
        var page = new StringBuilder("<!doctype html><html lang='en'><head><meta charset='utf-8'>");
        page.Append("<meta name='viewport' content='width=device-width, initial-scale=1'>");
        page.Append($"<title>{Svg.Text(report.Title)}</title><style>{Style}\n");
        for (var i = 0; i < 6; i++)
            page.Append($"polyline.c{i} {{ stroke:var(--s{i}) }} .k{i}::before {{ color:var(--s{i}) }}\n");
        page.Append($"</style></head><body><h1>{Svg.Text(report.Title)}</h1>");
        page.Append(Number($"<p class='dim'>{report.Time:yyyy-MM-dd HH:mm} UTC · {Svg.Text(report.Machine)}</p>"));
        foreach (var table in report.Comparisons)
            WriteComparison(page, table);
        foreach (var subject in report.Subjects)
            WriteSubject(page, subject);
        WritePlots(page, report);
        WriteCharts(page, report.Charts);
        foreach (var note in report.Notes)
            page.Append($"<p>{Svg.Text(note)}</p>");
        return page.Append("</body></html>\n").ToString();
    }

    private static void WriteComparison(StringBuilder page, ComparisonTable table)
    {
        page.Append($"<h2>{Svg.Text(table.Title)}</h2><div class='plots'><div class='scroll'><table>");
        page.Append($"<tr><th></th><th>here</th><th>{Svg.Text(table.TheirName)}</th><th></th><th>ratio</th><th>asked</th></tr>");
        foreach (var row in table.Rows)
        {
            var kind = row.IsReached switch { true => "good", false => "bad", null => "" };
            page.Append(Number($"<tr><td>{Svg.Text(row.What)}</td><td>{row.Ours:#,0.##}</td><td>{row.Theirs:#,0.##}</td><td>{Svg.Text(row.Unit)}</td>"));
            page.Append(Number($"<td class='{kind}'>{row.Ratio:0.00} ×</td><td>{(row.Asked > 0 ? Number($"{row.Asked:0.##} ×") : "")}</td></tr>"));
        }
        page.Append($"</table></div><figure>{Svg.Ratios(table.Rows)}</figure></div>");
    }

    private static void WriteSubject(StringBuilder page, Subject subject)
    {
        page.Append($"<h2>{Svg.Text(subject.Name)}</h2><div class='scroll'><table><tr><th></th>");
        string[] heads =
        [
            "per s", "MB/s", "p50 ms", "p90 ms", "p99 ms", "p99.9 ms", "max ms", "server: µs each", "cores", "load: cores", "memory MB",
        ];
        foreach (var head in heads)
            page.Append($"<th>{head}</th>");
        page.Append("</tr>");
        foreach (var run in subject.Runs)
        {
            var first = run.Latencies.FirstOrDefault();
            page.Append(Number($"<tr><td>{Svg.Text(run.Scenario)}</td><td>{run.PerSecond:#,0}</td><td>{run.MegabytesPerSecond:#,0}</td>{Times(first)}"));
            page.Append(Number($"<td>{run.ServerCpuMicroseconds:#,0.0}</td><td>{run.ServerCores:0.00}</td><td>{run.OwnCores:0.00}</td>"));
            page.Append(Number($"<td>{run.ResidentBytes / 1e6:#,0}</td></tr>"));
            foreach (var more in run.Latencies.Skip(1))
                page.Append(Number($"<tr class='dim'><td>· {Svg.Text(more.Name)}</td><td>{more.Count / run.Seconds:#,0}</td><td></td>{Times(more)}</tr>"));
            foreach (var (what, count) in run.Errors)
                page.Append($"<tr><td class='bad' colspan='12'>{count} × {Svg.Text(what)} {Svg.Text(run.FirstError)}</td></tr>");
        }
        page.Append("</table></div>");
    }

    private static string Times(LatencyFigures? figures) => figures is null ? "<td></td><td></td><td></td><td></td><td></td>" : Number(
        $"<td>{figures.P50Ms:0.00}</td><td>{figures.P90Ms:0.00}</td><td>{figures.P99Ms:0.00}</td><td>{figures.P999Ms:0.00}</td>")
        + Number($"<td>{figures.MaximumMs:0.00}</td>");

    // A figure for each scenario, with a line for each server that ran it.
    private static void WritePlots(StringBuilder page, Report report)
    {
        if (report.Subjects.Count == 0)
            return;
        page.Append("<h2>Over time, and by percentile</h2><div class='plots'>");
        var runs = report.Subjects.SelectMany(s => s.Runs.Select(r => (s.Name, Run: r))).GroupBy(r => r.Run.Scenario);
        foreach (var scenario in runs)
        {
            var rates = scenario.Select(r => new PlotLine(r.Name, [.. r.Run.Rates.Select((y, i) => (i * r.Run.SecondsPerRate, y))])).ToList();
            var times = scenario.SelectMany(r => r.Run.Latencies.Take(2).Select(l => new PlotLine(
                $"{r.Name}: {l.Name}", [.. l.Curve.Select(c => (Nines(c[0]), c[1]))]))).ToList();
            var step = Math.Max(1, rates.Max(r => r.Points.Count) / 80);
            var seconds = Enumerable.Range(0, 200).Where(i => i % step == 0).Select(i => ((double)i, $"{i} s"));
            page.Append($"<figure><h3>{Svg.Text(scenario.Key)}: a second</h3>{Svg.Lines(rates, "per s", [.. seconds])}</figure>");
            page.Append($"<figure><h3>{Svg.Text(scenario.Key)}: times</h3>{Svg.Lines(times, "ms", s_percentiles, logarithmicY: true)}</figure>");
        }
        page.Append("</div>");
    }

    private static void WriteCharts(StringBuilder page, IReadOnlyList<Chart> charts)
    {
        if (charts.Count == 0)
            return;
        page.Append("<h2>Plots</h2><div class='plots'>");
        foreach (var chart in charts)
            page.Append($"<figure><h3>{Svg.Text(chart.Title)}</h3>{Svg.Lines(chart.Lines, chart.Unit, chart.Ticks, chart.IsLogarithmic)}</figure>");
        page.Append("</div>");
    }

    private static readonly IReadOnlyList<(double X, string Text)> s_percentiles =
        [.. new[] { 0, 0.5, 0.9, 0.99, 0.999, 0.9999 }.Select(s => (Nines(s), Number($"{s * 100:0.##} %")))];

    // 0.9 is one, 0.99 two: the axis on which the slow end can be read.
    private static double Nines(double share) => -Math.Log10(1 - Math.Min(share, 0.999999));

    private static string Number(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
