using System.Diagnostics;
using System.Numerics;

namespace Cybernetes.Load.Measuring;

/// <summary>
/// Counts times in buckets that are never wider than 1/128 of the time (as HdrHistogram does): exact enough for any percentile, of fixed size,
/// and a count costs a few instructions.
/// </summary>
internal sealed class LatencyHistogram
{
    private const int SubBits = 7;
    private const int SubBuckets = 1 << SubBits;
    private const int Octaves = 36; // up to 2^42 ns, more than an hour

    private readonly long[] _counts = new long[(Octaves + 1) * SubBuckets];

    public long Count { get; private set; }

    public long MaximumNanoseconds { get; private set; }

    private double Sum { get; set; }

    public double MeanNanoseconds => Count == 0 ? 0 : Sum / Count;

    public static long Nanoseconds(long ticks) => (long)(ticks * (1e9 / Stopwatch.Frequency));

    public void Add(long nanoseconds)
    {
        nanoseconds = Math.Max(nanoseconds, 0);
        _counts[Math.Min(IndexOf(nanoseconds), _counts.Length - 1)]++;
        Count++;
        Sum += nanoseconds;
        MaximumNanoseconds = Math.Max(MaximumNanoseconds, nanoseconds);
    }

    /// <summary>The time within which this share (0 to 1) of all were done; the upper end of its bucket. 0 when nothing was counted.</summary>
    public long Percentile(double share)
    {
        var wanted = Math.Max(1, (long)Math.Ceiling(share * Count));
        long seen = 0;
        for (var i = 0; i < _counts.Length && Count > 0; i++)
        {
            seen += _counts[i];
            if (seen >= wanted)
                return Math.Min(UpperEnd(i), MaximumNanoseconds);
        }
        return MaximumNanoseconds;
    }

    private static int IndexOf(long value)
    {
        if (value < SubBuckets)
            return (int)value;
        var octave = BitOperations.Log2((ulong)value) - SubBits;
        return ((octave + 1) << SubBits) + (int)((value >> octave) & (SubBuckets - 1));
    }

    private static long UpperEnd(int index)
    {
        if (index < SubBuckets)
            return index;
        var octave = (index >> SubBits) - 1;
        return (((long)SubBuckets + (index & (SubBuckets - 1)) + 1) << octave) - 1;
    }
}
