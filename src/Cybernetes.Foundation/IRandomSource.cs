namespace Cybernetes.Foundation;

/// <summary>Where chance comes from. All members are safe for concurrent use.</summary>
public interface IRandomSource
{
    /// <summary>Fills the whole span with random bytes.</summary>
    void Fill(Span<byte> bytes);

    /// <summary>A uniformly spread number in [0, exclusiveMaximum).</summary>
    int Next(int exclusiveMaximum);

    /// <summary>A uniformly spread number in [0, 1).</summary>
    double NextDouble();
}
