using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Cybernetes.Node.Runtime;
using Cybernetes.Node.Runtime.Cri;

namespace Cybernetes.Node.Simulated;

/// <summary>Hands container events to every reader. A reader that falls too far behind is cut off and has to list.</summary>
internal sealed class SimulatedEvents
{
    private const int MaxBehind = 4096;

    private readonly Lock _lock = new();
    private Channel<ContainerEventResponse>[] _readers = [];

    public bool HasReaders => Volatile.Read(ref _readers).Length > 0;

    public void Tell(ContainerEventResponse happened)
    {
        foreach (var reader in Volatile.Read(ref _readers))
        {
            if (reader.Writer.TryWrite(happened))
                continue;
            var fault = new RuntimeCallException(RuntimeStatusCode.ResourceExhausted, "the reader is too far behind");
            reader.Writer.TryComplete(fault);
        }
    }

    /// <summary>Listens from the first step of the enumeration on.</summary>
    public async IAsyncEnumerable<ContainerEventResponse> ReadAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        var channel = Channel.CreateBounded<ContainerEventResponse>(MaxBehind);
        lock (_lock)
            Volatile.Write(ref _readers, [.. _readers, channel]);
        try
        {
            await foreach (var happened in channel.Reader.ReadAllAsync(cancellation).ConfigureAwait(false))
                yield return happened;
        }
        finally
        {
            lock (_lock)
                Volatile.Write(ref _readers, [.. _readers.Where(reader => reader != channel)]);
        }
    }
}
