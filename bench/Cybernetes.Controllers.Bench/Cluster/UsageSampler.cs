using System.Diagnostics;
using Cybernetes.Load.Measuring;

namespace Cybernetes.Controllers.Bench.Cluster;

/// <summary>What the parts of a cluster used of the processors between two moments.</summary>
/// <param name="Seconds">Between them.</param>
/// <param name="Cpu">Processor seconds by part.</param>
/// <param name="Curve">Cores by part and time (in seconds), one point a period.</param>
/// <param name="Resident">Bytes of memory by part at the end.</param>
internal sealed record Usage(
    double Seconds, IReadOnlyDictionary<string, double> Cpu, IReadOnlyDictionary<string, IReadOnlyList<(double X, double Y)>> Curve,
    IReadOnlyDictionary<string, long> Resident)
{
    /// <summary>The most that a part used over any period.</summary>
    public double Peak(string part) => Curve.TryGetValue(part, out var points) && points.Count > 0 ? points.Max(p => p.Y) : 0;

    public double Of(string part) => Cpu.GetValueOrDefault(part);
}

/// <summary>Reads what the parts use, once a second, until it is asked.</summary>
internal sealed class UsageSampler
{
    private static readonly TimeSpan s_period = TimeSpan.FromSeconds(1);

    private readonly IReadOnlyDictionary<string, int> _parts;
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly Dictionary<string, double> _first;
    private readonly Dictionary<string, List<(double X, double Y)>> _curve = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _sampling;

    public UsageSampler(IReadOnlyDictionary<string, int> parts)
    {
        _parts = parts;
        _first = Read();
        _sampling = Task.Run(SampleAsync);
    }

    public async Task<Usage> EndAsync()
    {
        await _stop.CancelAsync();
        await _sampling;
        var seconds = Stopwatch.GetElapsedTime(_start).TotalSeconds;
        var last = Read();
        return new(
            seconds, last.ToDictionary(p => p.Key, p => p.Value - _first[p.Key]),
            _curve.ToDictionary(c => c.Key, c => (IReadOnlyList<(double, double)>)c.Value),
            _parts.ToDictionary(p => p.Key, p => ProcessUsage.Of([p.Value]).ResidentBytes));
    }

    private async Task SampleAsync()
    {
        var (before, at) = (_first, 0.0);
        while (!_stop.IsCancellationRequested)
        {
            await Task.Delay(s_period, TimeProvider.System, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var now = Stopwatch.GetElapsedTime(_start).TotalSeconds;
            // The last piece may be so short that the system's ticks say nothing.
            if (now - at < s_period.TotalSeconds / 2)
                continue;
            var after = Read();
            foreach (var (part, used) in after)
            {
                if (!_curve.TryGetValue(part, out var points))
                    _curve[part] = points = [];
                points.Add((now, (used - before[part]) / (now - at)));
            }
            (before, at) = (after, now);
        }
    }

    private Dictionary<string, double> Read() => _parts.ToDictionary(p => p.Key, p => ProcessUsage.Of([p.Value]).CpuSeconds);
}
