using System.Diagnostics;

namespace Cybernetes.ApiServer.Sockets;

/// <summary>
/// For how long a thread looks for its next event before it sleeps: not at all until one came so soon that looking would have found it,
/// and ever shorter while it finds none. So a client who asks again at once is answered at once, and one who is not in a hurry costs nothing.
/// </summary>
internal struct Lingering
{
    /// <summary>
    /// The longest, 200 µs: what waking a sleeping processor may take, and a client needs for its next request. Nothing where there is one processor,
    /// which the client needs himself.
    /// </summary>
    public static readonly long MostTicks = Environment.ProcessorCount > 1 ? Stopwatch.Frequency / 5000 : 0;

    private static readonly long s_leastTicks = MostTicks / 8;

    /// <summary>How long, in ticks of <see cref="Stopwatch"/>; 0 for not at all.</summary>
    public long Ticks { get; private set; }

    /// <summary>Nothing was found, and the thread slept.</summary>
    /// <param name="ticks">Until its next event came, from the beginning of its looking.</param>
    public void Slept(long ticks)
    {
        if (ticks <= MostTicks)
            Ticks = MostTicks;
        else
            Ticks = Ticks / 2 < s_leastTicks ? 0 : Ticks / 2;
    }
}
