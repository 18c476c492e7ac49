using Cybernetes.Load.Measuring;

namespace Cybernetes.Load.Tests.Measuring;

public sealed class LatencyHistogramTests
{
    [Fact]
    public void Percentile_RandomTimes_WithinOneBucketOfTheSortedList()
    {
        var random = new Random(7);
        var histogram = new LatencyHistogram();
        // From a microsecond to some seconds, evenly by magnitude.
        var times = Enumerable.Range(0, 20_000).Select(_ => (long)Math.Pow(10, 3 + (random.NextDouble() * 6.5))).ToList();
        times.ForEach(histogram.Add);
        times.Sort();
        foreach (var share in new[] { 0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 1 })
        {
            var exact = times[(int)Math.Ceiling(share * times.Count) - 1];
            Assert.InRange(histogram.Percentile(share), exact, (exact * (1 + (1 / 128.0))) + 1);
        }
        Assert.Equal(times[^1], histogram.MaximumNanoseconds);
        Assert.Equal(times.Average(), histogram.MeanNanoseconds, tolerance: 1);
    }

    [Fact]
    public void Percentile_NothingCounted_IsZero() => Assert.Equal(0, new LatencyHistogram().Percentile(0.99));
}
