using System.Globalization;
using Cybernetes.Controllers.Bench.Cluster;
using Cybernetes.Load.Reporting;

namespace Cybernetes.Controllers.Bench.Stages;

/// <summary>Measurements as words and plots.</summary>
internal static class Texts
{
    public static string Number(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>Microseconds of each part for one thing.</summary>
    public static string Each(Usage usage, int things) =>
        string.Join(", ", usage.Cpu.Select(p => Number($"{p.Key} {p.Value * 1e6 / things:n0}")));

    public static string Memory(Usage usage) => string.Join(", ", usage.Resident.Select(p => Number($"{p.Key} {p.Value / 1e6:n0}")));

    public static Chart Cores(string what, Usage usage)
    {
        var step = Math.Max(1, (int)usage.Seconds / 8);
        var ticks = Enumerable.Range(0, (int)usage.Seconds + 1).Where(s => s % step == 0).Select(s => ((double)s, Number($"{s} s")));
        return new(what + ": cores", "cores", [.. usage.Curve.Select(c => new PlotLine(c.Key, c.Value))], [.. ticks]);
    }
}
