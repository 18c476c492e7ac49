using System.Collections.Concurrent;
using System.Net;

namespace Cybernetes.Controllers.Tests.Clusters;

/// <summary>
/// Between a client and the API server: holds back what the watches of a resource tell, so that a test decides which informer is told first.
/// Lists and all other calls go through.
/// </summary>
internal sealed class HeldWatches : DelegatingHandler
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _held = new(StringComparer.Ordinal);

    private readonly ConcurrentDictionary<string, TaskCompletionSource> _begun = new(StringComparer.Ordinal);

    /// <summary>From now on nothing that happens to the resource is told. Waits until it is watched: a list would tell.</summary>
    public async Task HoldAsync(string plural)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2), TimeProvider.System);
        await Begun(plural).Task.WaitAsync(patience.Token);
        _held[plural] = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>What was held back is told, and what follows.</summary>
    public void Release(string plural)
    {
        if (_held.TryRemove(plural, out var gate))
            gate.SetResult();
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken);
        if (response.StatusCode != HttpStatusCode.OK || !request.RequestUri!.Query.Contains("watch=", StringComparison.Ordinal))
            return response;
        var plural = request.RequestUri.AbsolutePath.Split('/')[^1];
        Begun(plural).TrySetResult();
        var held = new StreamContent(new HeldStream(await response.Content.ReadAsStreamAsync(cancellationToken), stop => PassAsync(plural, stop)));
        foreach (var (name, values) in response.Content.Headers)
            held.Headers.TryAddWithoutValidation(name, values);
        response.Content = held;
        return response;
    }

    private TaskCompletionSource Begun(string plural) =>
        _begun.GetOrAdd(plural, static _ => new(TaskCreationOptions.RunContinuationsAsynchronously));

    private async ValueTask PassAsync(string plural, CancellationToken cancellation)
    {
        while (_held.TryGetValue(plural, out var gate))
            await gate.Task.WaitAsync(cancellation);
    }

    /// <summary>What is read of it comes when it may pass.</summary>
    private sealed class HeldStream(Stream inner, Func<CancellationToken, ValueTask> pass) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await inner.ReadAsync(buffer, cancellationToken);
            await pass(cancellationToken);
            return read;
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
