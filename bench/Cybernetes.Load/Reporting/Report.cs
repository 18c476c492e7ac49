using Cybernetes.Load.Measuring;

namespace Cybernetes.Load.Reporting;

/// <summary>One server and what was measured of it.</summary>
internal sealed record Subject(string Name, IReadOnlyList<RunResult> Runs);

/// <summary>One figure beside that of somebody else.</summary>
/// <param name="What">The figure.</param>
/// <param name="Ours">Its value here.</param>
/// <param name="Theirs">Its value there.</param>
/// <param name="Unit">Of both.</param>
/// <param name="Asked">The ratio asked for; 0: none.</param>
/// <param name="MoreIsBetter">Else the ratio is theirs by ours.</param>
internal sealed record Comparison(string What, double Ours, double Theirs, string Unit, double Asked, bool MoreIsBetter = true)
{
    public double Ratio => MoreIsBetter ? Over(Ours, Theirs) : Over(Theirs, Ours);

    public bool? IsReached => Asked > 0 ? MoreIsBetter ? Ratio >= Asked : Ours * Asked <= Theirs : null;

    private static double Over(double one, double other) => other > 0 ? one / other : 0;
}

/// <summary>Figures under a heading.</summary>
internal sealed record ComparisonTable(string Title, string TheirName, IReadOnlyList<Comparison> Rows);

/// <summary>A plot of its own.</summary>
/// <param name="Ticks">Of the x axis.</param>
internal sealed record Chart(
    string Title, string Unit, IReadOnlyList<PlotLine> Lines, IReadOnlyList<(double X, string Text)> Ticks, bool IsLogarithmic = false);

/// <summary>All that is written down of one measurement.</summary>
internal sealed record Report
{
    public required string Title { get; init; }

    public DateTimeOffset Time { get; init; } = TimeProvider.System.GetUtcNow();

    public string Machine { get; init; } = $"{Environment.ProcessorCount} processors, {System.Runtime.InteropServices.RuntimeInformation.OSDescription}";

    public IReadOnlyList<Subject> Subjects { get; init; } = [];

    public IReadOnlyList<ComparisonTable> Comparisons { get; init; } = [];

    public IReadOnlyList<Chart> Charts { get; init; } = [];

    public IReadOnlyList<string> Notes { get; init; } = [];
}
