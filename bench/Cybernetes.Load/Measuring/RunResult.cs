namespace Cybernetes.Load.Measuring;

/// <summary>Times of one kind of request, in milliseconds.</summary>
internal sealed record LatencyFigures
{
    public required string Name { get; init; }

    public long Count { get; init; }

    public double MeanMs { get; init; }

    public double P50Ms { get; init; }

    public double P90Ms { get; init; }

    public double P99Ms { get; init; }

    public double P999Ms { get; init; }

    public double MaximumMs { get; init; }

    /// <summary>Pairs of share and milliseconds, for a plot: denser towards 1.</summary>
    public IReadOnlyList<double[]> Curve { get; init; } = [];

    public static LatencyFigures Of(string name, LatencyHistogram histogram)
    {
        double At(double share) => histogram.Percentile(share) / 1e6;
        double[] shares = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9999];
        return new()
        {
            Name = name, Count = histogram.Count, MeanMs = histogram.MeanNanoseconds / 1e6, MaximumMs = histogram.MaximumNanoseconds / 1e6,
            P50Ms = At(0.5), P90Ms = At(0.9), P99Ms = At(0.99), P999Ms = At(0.999), Curve = [.. shares.Select(s => new[] { s, At(s) })],
        };
    }
}

/// <summary>What one scenario came to.</summary>
internal sealed record RunResult
{
    public required string Scenario { get; init; }

    public int Clients { get; init; }

    public double Seconds { get; init; }

    /// <summary>Answers, or events with a watch.</summary>
    public long Done { get; init; }

    public double PerSecond => Seconds > 0 ? Done / Seconds : 0;

    public long Bytes { get; init; }

    public double MegabytesPerSecond => Seconds > 0 ? Bytes / Seconds / 1e6 : 0;

    public IReadOnlyList<LatencyFigures> Latencies { get; init; } = [];

    public IReadOnlyDictionary<string, long> Errors { get; init; } = new Dictionary<string, long>();

    public string FirstError { get; init; } = "";

    /// <summary>The server's processor time for one answer or event; 0 when its process is not known.</summary>
    public double ServerCpuMicroseconds { get; init; }

    /// <summary>Processors that the server kept busy; then this tool.</summary>
    public double ServerCores { get; init; }

    public double OwnCores { get; init; }

    public long ResidentBytes { get; init; }

    public long PeakResidentBytes { get; init; }

    public IReadOnlyList<double> Rates { get; init; } = [];

    public double SecondsPerRate { get; init; } = Recorder.SecondsPerSlot;

    public static RunResult Of(string scenario, int clients, Recorder recorder) => new()
    {
        Scenario = scenario, Clients = clients, Seconds = recorder.Seconds, Done = recorder.Done, Bytes = recorder.Bytes,
        Latencies = [.. recorder.Operations.Where(o => o.Latencies.Count > 0).Select(o => LatencyFigures.Of(o.Name, o.Latencies))],
        Errors = recorder.Operations.SelectMany(o => o.Errors.Select(e => (Key: $"{o.Name}: {e.Key}", e.Value))).ToDictionary(e => e.Key, e => e.Value),
        FirstError = recorder.FirstError,
        ServerCpuMicroseconds = recorder.Done > 0 ? recorder.Used.CpuSeconds * 1e6 / recorder.Done : 0,
        ServerCores = recorder.Used.CpuSeconds / recorder.Seconds, OwnCores = recorder.OwnCpuSeconds / recorder.Seconds,
        ResidentBytes = recorder.Used.ResidentBytes, PeakResidentBytes = recorder.Used.PeakResidentBytes, Rates = recorder.Rates,
    };
}
