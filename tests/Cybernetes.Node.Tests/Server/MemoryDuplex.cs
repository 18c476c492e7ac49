using System.IO.Pipelines;
using Cybernetes.Node.Server.Streaming;

namespace Cybernetes.Node.Tests.Server;

/// <summary>Two ends of a connection in memory.</summary>
internal static class MemoryDuplex
{
    public static (Stream Client, Stream Server) Make()
    {
        var up = new Pipe(new PipeOptions(useSynchronizationContext: false));
        var down = new Pipe(new PipeOptions(useSynchronizationContext: false));
        return (
            new DuplexStream(down.Reader.AsStream(), up.Writer.AsStream()),
            new DuplexStream(up.Reader.AsStream(), down.Writer.AsStream()));
    }
}
