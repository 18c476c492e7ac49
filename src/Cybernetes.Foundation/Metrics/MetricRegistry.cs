using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace Cybernetes.Foundation.Metrics;

/// <summary>A lean registry of counters, gauges and histograms, written in Prometheus' text format 0.0.4.</summary>
public sealed class MetricRegistry
{
    private readonly Lock _lock = new();
    private readonly OrderedDictionary<string, IMetric> _metrics = new(StringComparer.Ordinal);

    /// <summary>A counter with labels; the one of that name that is there already, for a part that is begun again.</summary>
    public Counter Counter(string name, string help, params string[] labels) => GetOrAdd(name, () => new Counter(name, help, labels));

    /// <summary>A histogram with labels and upper bounds (seconds unless the name says otherwise); one that is there already stays.</summary>
    public Histogram Histogram(string name, string help, double[] bounds, params string[] labels) =>
        GetOrAdd(name, () => new Histogram(name, help, bounds, labels));

    /// <summary>A gauge that is read when asked for: label values and value of each cell. One of that name that is there already gives way.</summary>
    public void Gauge(string name, string help, string[] labels, Func<IEnumerable<(string[] Labels, double Value)>> read)
    {
        lock (_lock)
            _metrics[name] = new Gauge(name, help, labels, read);
    }

    /// <summary>All metrics as text.</summary>
    public string Render()
    {
        var text = new StringBuilder(16 * 1024);
        lock (_lock)
        {
            foreach (var metric in _metrics.Values)
                metric.Render(text);
        }
        return text.ToString();
    }

    private T GetOrAdd<T>(string name, Func<T> make) where T : IMetric
    {
        lock (_lock)
        {
            if (_metrics.TryGetValue(name, out var there))
                return (T)there;
            var made = make();
            _metrics[name] = made;
            return made;
        }
    }
}

internal interface IMetric
{
    void Render(StringBuilder text);
}

/// <summary>Label values of one cell; equal by content.</summary>
internal readonly struct LabelValues(string[] values) : IEquatable<LabelValues>
{
    public string[] Values { get; } = values;

    public bool Equals(LabelValues other) => Values.AsSpan().SequenceEqual(other.Values);

    public override bool Equals(object? obj) => obj is LabelValues other && Equals(other);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var value in Values)
            hash.Add(value);
        return hash.ToHashCode();
    }
}

internal static class MetricText
{
    public static void Head(StringBuilder text, string name, string help, string type) =>
        text.Append("# HELP ").Append(name).Append(' ').Append(help).Append('\n')
            .Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');

    public static StringBuilder Line(StringBuilder text, string name, string[] labels, string[] values, string? bound = null)
    {
        text.Append(name);
        if (labels.Length == 0 && bound is null)
            return text.Append(' ');
        text.Append('{');
        for (var i = 0; i < labels.Length; i++)
        {
            text.Append(i == 0 ? "" : ",").Append(labels[i]).Append("=\"");
            text.Append(values[i].Replace("\\", "\\\\").Replace("\"", "\\\"").Replace("\n", "\\n")).Append('"');
        }
        if (bound is not null)
            text.Append(labels.Length == 0 ? "" : ",").Append("le=\"").Append(bound).Append('"');
        return text.Append("} ");
    }

    public static string Number(double value) =>
        double.IsPositiveInfinity(value) ? "+Inf" : value.ToString("R", CultureInfo.InvariantCulture);
}

/// <summary>A number that only grows.</summary>
public sealed class Counter : IMetric
{
    private readonly string _name;
    private readonly string _help;
    private readonly string[] _labels;
    private readonly ConcurrentDictionary<LabelValues, Cell> _cells = new();

    /// <summary>The count of one combination of label values.</summary>
    public sealed class Cell
    {
        private long _value;

        public long Value => Interlocked.Read(ref _value);

        public void Increment() => Interlocked.Increment(ref _value);
    }

    internal Counter(string name, string help, string[] labels)
    {
        _name = name;
        _help = help;
        _labels = labels;
    }

    /// <summary>Adds one to the cell of these label values, in the order of the labels.</summary>
    public void Increment(params string[] labels) => CellOf(labels).Increment();

    /// <summary>The cell of these label values, for who counts in it often.</summary>
    public Cell CellOf(params string[] labels) => _cells.GetOrAdd(new(labels), static _ => new());

    void IMetric.Render(StringBuilder text)
    {
        MetricText.Head(text, _name, _help, "counter");
        foreach (var (key, cell) in _cells)
            MetricText.Line(text, _name, _labels, key.Values).Append(cell.Value).Append('\n');
    }
}

internal sealed class Gauge(string name, string help, string[] labels, Func<IEnumerable<(string[] Labels, double Value)>> read) : IMetric
{
    public void Render(StringBuilder text)
    {
        MetricText.Head(text, name, help, "gauge");
        foreach (var (values, value) in read())
            MetricText.Line(text, name, labels, values).Append(MetricText.Number(value)).Append('\n');
    }
}

/// <summary>Counts of observations in buckets.</summary>
public sealed class Histogram : IMetric
{
    private readonly string _name;
    private readonly string _help;
    private readonly double[] _bounds;
    private readonly string[] _labels;
    private readonly ConcurrentDictionary<LabelValues, Cell> _cells = new();

    /// <summary>The observations of one combination of label values.</summary>
    public sealed class Cell(double[] bounds)
    {
        private readonly long[] _counts = new long[bounds.Length + 1];
        private readonly Lock _lock = new();
        private double _sum;

        public void Observe(double value)
        {
            var bucket = 0;
            while (bucket < bounds.Length && value > bounds[bucket])
                bucket++;
            lock (_lock)
            {
                _counts[bucket]++;
                _sum += value;
            }
        }

        public (long[] Counts, double Sum) Read()
        {
            lock (_lock)
                return ([.. _counts], _sum);
        }
    }

    internal Histogram(string name, string help, double[] bounds, string[] labels)
    {
        _name = name;
        _help = help;
        _bounds = bounds;
        _labels = labels;
    }

    /// <summary>Records one observation.</summary>
    public void Observe(double value, params string[] labels) => CellOf(labels).Observe(value);

    /// <summary>The cell of these label values, for who observes often.</summary>
    public Cell CellOf(params string[] labels) => _cells.GetOrAdd(new(labels), static (_, bounds) => new(bounds), _bounds);

    void IMetric.Render(StringBuilder text)
    {
        MetricText.Head(text, _name, _help, "histogram");
        foreach (var (key, cell) in _cells)
        {
            var (counts, sum) = cell.Read();
            long total = 0;
            for (var i = 0; i < counts.Length; i++)
            {
                total += counts[i];
                var bound = MetricText.Number(i < _bounds.Length ? _bounds[i] : double.PositiveInfinity);
                MetricText.Line(text, _name + "_bucket", _labels, key.Values, bound).Append(total).Append('\n');
            }
            MetricText.Line(text, _name + "_sum", _labels, key.Values).Append(MetricText.Number(sum)).Append('\n');
            MetricText.Line(text, _name + "_count", _labels, key.Values).Append(total).Append('\n');
        }
    }
}
