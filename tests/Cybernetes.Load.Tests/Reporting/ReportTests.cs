using System.Text.Json;
using Cybernetes.Load.Measuring;
using Cybernetes.Load.Reporting;
using Cybernetes.Load.Suites;

namespace Cybernetes.Load.Tests.Reporting;

public sealed class ReportTests
{
    private static readonly Report s_report = new()
    {
        Title = "A <report>",
        Subjects =
        [
            new("cyb", [new RunResult { Scenario = "create", Clients = 4, Seconds = 2, Done = 1000, Rates = [400, 600], Latencies = [Figures("create")] }]),
        ],
        Comparisons = [new("Beside", "theirs", [new("create", 500, 100, "/s", 4), new("memory", 200, 300, "MB", 3, MoreIsBetter: false)])],
    };

    [Fact]
    public void Html_Report_StandsAlone()
    {
        var page = HtmlReport.Write(s_report);
        Assert.Contains("A &lt;report&gt;", page);
        Assert.Contains("<svg", page);
        Assert.Contains("prefers-color-scheme: dark", page);
        foreach (var outside in new[] { "http:", "https:", "src=", "<script", "NaN", "∞" })
            Assert.DoesNotContain(outside, page);
    }

    [Fact]
    public void Json_Report_HoldsTheFigures()
    {
        using var json = JsonDocument.Parse(ReportFiles.Json(s_report));
        var run = json.RootElement.GetProperty("subjects")[0].GetProperty("runs")[0];
        Assert.Equal(500, run.GetProperty("perSecond").GetDouble());
        Assert.Equal("create", run.GetProperty("latencies")[0].GetProperty("name").GetString());
    }

    [Theory]
    [InlineData(400, 100, true, 4, true)]
    [InlineData(399, 100, true, 4, false)]
    [InlineData(100, 300, false, 3, true)]
    [InlineData(101, 300, false, 3, false)]
    public void Comparison_Asked_IsReachedFromTheRatioOn(double ours, double theirs, bool moreIsBetter, double asked, bool reached) =>
        Assert.Equal(reached, new Comparison("x", ours, theirs, "", asked, moreIsBetter).IsReached);

    [Fact]
    public void Mark_WithoutPeer_SaysThatItIsOfAnotherRun()
    {
        var table = StoreMark.AgainstPeer(new Dictionary<string, double> { [StoreMark.Create1] = 2708 }, null);
        Assert.Contains("another run", table.TheirName);
        Assert.Equal(4, table.Rows.Single().Ratio, 0.001);
    }

    private static LatencyFigures Figures(string name)
    {
        var histogram = new LatencyHistogram();
        for (var i = 1; i <= 1000; i++)
            histogram.Add(i * 1000);
        return LatencyFigures.Of(name, histogram);
    }
}
