namespace Cybernetes.Node.Server.Streaming;

/// <summary>Two one-way streams as one. Disposes both.</summary>
internal sealed class DuplexStream(Stream incoming, Stream outgoing) : Stream
{
    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        incoming.ReadAsync(buffer, cancellationToken);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        incoming.ReadAsync(buffer, offset, count, cancellationToken);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        outgoing.WriteAsync(buffer, cancellationToken);

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        outgoing.WriteAsync(buffer, offset, count, cancellationToken);

    public override Task FlushAsync(CancellationToken cancellationToken) => outgoing.FlushAsync(cancellationToken);

    public override void Flush() => outgoing.Flush();

    public override int Read(byte[] buffer, int offset, int count) => incoming.Read(buffer, offset, count);

    public override void Write(byte[] buffer, int offset, int count) => outgoing.Write(buffer, offset, count);

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        await incoming.DisposeAsync().ConfigureAwait(false);
        await outgoing.DisposeAsync().ConfigureAwait(false);
        GC.SuppressFinalize(this);
    }
}
