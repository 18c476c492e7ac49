using System.Globalization;
using System.Text;

namespace Cybernetes.Load.Reporting;

/// <summary>A line of a plot.</summary>
internal sealed record PlotLine(string Name, IReadOnlyList<(double X, double Y)> Points);

/// <summary>Plots as inline SVG. Colours come from the page's style, so that they fit a dark page and a light one.</summary>
internal static class Svg
{
    private const int Width = 560;
    private const int Height = 240;
    private const int Left = 64;
    private const int Right = 12;
    private const int Top = 12;
    private const int Bottom = 34;
    private const int Colours = 6;

    /// <summary>Lines over a common x axis; ticks of the x axis are given, with their texts.</summary>
    public static string Lines(
        IReadOnlyList<PlotLine> lines, string yUnit, IReadOnlyList<(double X, string Text)> xTicks, bool logarithmicY = false)
    {
        var all = lines.SelectMany(l => l.Points).ToList();
        if (all.Count == 0)
            return "";
        var (lowX, highX) = (all.Min(p => p.X), Math.Max(all.Max(p => p.X), all.Min(p => p.X) + 1e-9));
        var scale = logarithmicY ? LogScale(all.Where(p => p.Y > 0).Select(p => p.Y)) : LinearScale(all.Max(p => p.Y));
        double X(double x) => Left + ((x - lowX) / (highX - lowX) * (Width - Left - Right));
        double Y(double y) => Height - Bottom - (Math.Clamp(scale.Place(y), 0, 1) * (Height - Top - Bottom));

        var svg = Open(Height);
        foreach (var tick in scale.Ticks)
        {
            svg.Append(Number($"<line class='grid' x1='{Left}' x2='{Width - Right}' y1='{Y(tick):0.#}' y2='{Y(tick):0.#}'/>"));
            svg.Append(Number($"<text x='{Left - 6}' y='{Y(tick) + 4:0.#}' text-anchor='end'>{Short(tick)}</text>"));
        }
        foreach (var (x, text) in xTicks.Where(t => t.X >= lowX && t.X <= highX))
            svg.Append(Number($"<text x='{X(x):0.#}' y='{Height - 14}' text-anchor='middle'>{text}</text>"));
        svg.Append($"<text x='{Left + 4}' y='{Top + 8}' class='unit'>{Text(yUnit)}</text>");
        for (var i = 0; i < lines.Count; i++)
        {
            var points = string.Join(' ', lines[i].Points.Select(p => Number($"{X(p.X):0.#},{Y(p.Y):0.#}")));
            svg.Append($"<polyline class='c{i % Colours}' points='{points}'><title>{Text(lines[i].Name)}</title></polyline>");
        }
        return svg.Append("</svg>").ToString() + Legend(lines.Select(l => l.Name));
    }

    /// <summary>A bar for each ratio; the mark of 1 and what was asked are lines across.</summary>
    public static string Ratios(IReadOnlyList<Comparison> rows)
    {
        const int rowHeight = 26;
        const int names = 250;
        if (rows.Count == 0)
            return "";
        var highest = Math.Max(1, rows.Max(r => Math.Max(r.Ratio, r.Asked)));
        double X(double ratio) => names + (ratio / highest * (Width - names - 60));
        var height = (rows.Count * rowHeight) + 12;
        var svg = Open(height);
        for (var i = 0; i < rows.Count; i++)
        {
            var (row, y) = (rows[i], 6 + (i * rowHeight));
            var kind = row.IsReached switch { true => "good", false => "bad", null => "c0" };
            svg.Append($"<text x='{names - 8}' y='{y + 15}' text-anchor='end'>{Text(row.What)}</text>");
            svg.Append(Number($"<rect class='{kind}' x='{names}' y='{y + 3}' width='{Math.Max(1, X(row.Ratio) - names):0.#}' height='{rowHeight - 9}'/>"));
            svg.Append(Number($"<text x='{X(row.Ratio) + 6:0.#}' y='{y + 15}'>{row.Ratio:0.##} ×</text>"));
            if (row.Asked > 0)
                svg.Append(Number($"<line class='asked' x1='{X(row.Asked):0.#}' x2='{X(row.Asked):0.#}' y1='{y}' y2='{y + rowHeight - 3}'/>"));
        }
        svg.Append(Number($"<line class='grid' x1='{X(1):0.#}' x2='{X(1):0.#}' y1='0' y2='{height}'/>"));
        return svg.Append("</svg>").ToString();
    }

    public static string Text(string text) => System.Net.WebUtility.HtmlEncode(text);

    private static StringBuilder Open(int height) => new($"<svg viewBox='0 0 {Width} {height}' role='img'>");

    private static string Legend(IEnumerable<string> names) =>
        "<p class='legend'>" + string.Concat(names.Select((n, i) => $"<span class='k{i % Colours}'>{Text(n)}</span>")) + "</p>";

    private static string Number(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static string Short(double value) => value switch
    {
        >= 1_000_000 => Number($"{value / 1_000_000:0.##} M"),
        >= 1000 => Number($"{value / 1000:0.##} k"),
        _ => Number($"{value:0.###}"),
    };

    private static (Func<double, double> Place, IReadOnlyList<double> Ticks) LinearScale(double highest)
    {
        var step = Math.Pow(10, Math.Floor(Math.Log10(Math.Max(highest, 1e-9))));
        step = highest / step < 2 ? step / 2 : highest / step > 5 ? step * 2 : step;
        var end = Math.Ceiling(highest / step) * step;
        return (y => end > 0 ? y / end : 0, [.. Enumerable.Range(0, (int)Math.Round(end / step) + 1).Select(i => i * step)]);
    }

    private static (Func<double, double> Place, IReadOnlyList<double> Ticks) LogScale(IEnumerable<double> values)
    {
        var logs = values.Select(Math.Log10).DefaultIfEmpty(0).ToList();
        var low = Math.Floor(logs.Min());
        var high = Math.Max(Math.Ceiling(logs.Max()), low + 1);
        return (y => y > 0 ? (Math.Log10(y) - low) / (high - low) : 0,
            [.. Enumerable.Range(0, (int)(high - low) + 1).Select(i => Math.Pow(10, low + i))]);
    }
}
