using System.Security.Cryptography;

namespace Cybernetes.Foundation;

/// <summary>The two sources of chance: the system's for production, a seeded one for runs that must be repeatable.</summary>
public static class Chance
{
    /// <summary>The system's cryptographic source: unguessable, never repeatable.</summary>
    public static IRandomSource Cryptographic { get; } = new CryptographicSource();

    /// <summary>A source that gives the same sequence for the same seed, so that a run can be replayed.</summary>
    public static IRandomSource Seeded(int seed) => new SeededSource(seed);

    private sealed class CryptographicSource : IRandomSource
    {
        // Asking the system costs a microsecond whether for little or much, and every request of a server asks for an id.
        private const int StockBytes = 1024;

        [ThreadStatic]
        private static byte[]? t_stock;

        [ThreadStatic]
        private static int t_left;

        public void Fill(Span<byte> bytes)
        {
            if (bytes.Length > StockBytes / 4)
            {
                RandomNumberGenerator.Fill(bytes);
                return;
            }
            var stock = t_stock ??= new byte[StockBytes];
            if (t_left < bytes.Length)
            {
                RandomNumberGenerator.Fill(stock);
                t_left = stock.Length;
            }
            var given = stock.AsSpan(t_left - bytes.Length, bytes.Length);
            t_left -= bytes.Length;
            given.CopyTo(bytes);
            given.Clear(); // what was given out is nowhere else
        }

        public int Next(int exclusiveMaximum) => RandomNumberGenerator.GetInt32(exclusiveMaximum);

        public double NextDouble()
        {
            Span<byte> bytes = stackalloc byte[8];
            RandomNumberGenerator.Fill(bytes);
            // 53 bits: as many as a double's mantissa holds, so that 1.0 is never reached by rounding.
            return (BitConverter.ToUInt64(bytes) >> 11) * (1.0 / (1UL << 53));
        }
    }

    private sealed class SeededSource(int seed) : IRandomSource
    {
        private readonly Random _random = new(seed);
        private readonly Lock _gate = new();

        public void Fill(Span<byte> bytes)
        {
            lock (_gate)
                _random.NextBytes(bytes);
        }

        public int Next(int exclusiveMaximum)
        {
            lock (_gate)
                return _random.Next(exclusiveMaximum);
        }

        public double NextDouble()
        {
            lock (_gate)
                return _random.NextDouble();
        }
    }
}
