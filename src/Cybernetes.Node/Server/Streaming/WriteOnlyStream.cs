namespace Cybernetes.Node.Server.Streaming;

/// <summary>A stream that only takes asynchronous writes.</summary>
internal abstract class WriteOnlyStream : AsynchronousStream
{
    public override bool CanRead => false;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();
}
