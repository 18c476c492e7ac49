using Cybernetes.Store.Etcd;
using Cybernetes.Store.Etcd.Grpc;
using Cybernetes.Store.Etcd.Rpc;

namespace Cybernetes.Store.Tests.Etcd;

public class GrpcDuplexCallTests
{
    /// <summary>On a loaded machine the limit of opening a watch could strike just after it was open; the watch then ended for good.</summary>
    [Fact]
    public async Task Read_StreamCancelledByItsOpening_FailsAsABrokenConnectionDoes()
    {
        var options = new EtcdStoreOptions { Servers = [new Uri("http://127.0.0.1:1")] };
        using var endpoint = new GrpcEndpoint(options.Servers[0], options, null, TimeProvider.System);
        await using var body = new CancelledStream();
        using var call = new GrpcDuplexCall(new DuplexContent([]), new HttpResponseMessage(), body, endpoint);
        var failure = await Assert.ThrowsAsync<GrpcCallException>(
            async () => await call.ReadAsync(WatchResponse.Parser, TestContext.Current.CancellationToken));
        Assert.Equal(GrpcStatus.Unavailable, failure.Status);
    }

    private sealed class CancelledStream : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            ValueTask.FromException<int>(new TaskCanceledException());
    }
}
