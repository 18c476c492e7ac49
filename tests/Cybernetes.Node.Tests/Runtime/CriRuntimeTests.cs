using Cybernetes.Foundation;
using Cybernetes.Node.Runtime;
using Cybernetes.Node.Runtime.Cri;
using Microsoft.AspNetCore.Http;

namespace Cybernetes.Node.Tests.Runtime;

public sealed class CriRuntimeTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("cri").FullName;

    private string Socket => Path.Combine(_directory, "runtime.sock");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Call_AnsweringServer_SendsFramedRequestAndReadsAnswer()
    {
        string? path = null, contentType = null, te = null, timeout = null;
        PodSandboxStatusRequest? received = null;
        await using var server = await FakeGrpcServer.StartAsync(Socket, async context =>
        {
            path = context.Request.Path;
            contentType = context.Request.ContentType;
            te = context.Request.Headers.TE;
            timeout = context.Request.Headers["grpc-timeout"];
            received = await FakeGrpcServer.ReadAsync(context, PodSandboxStatusRequest.Parser);
            await FakeGrpcServer.WriteAsync(context, new PodSandboxStatusResponse { Status = new() { Id = "box" } });
            FakeGrpcServer.End(context, 0);
        });
        using var runtime = new CriRuntime("unix://" + Socket, TimeProvider.System);

        var response = await runtime.PodSandboxStatusAsync("box", verbose: true, CancellationToken.None);

        Assert.Equal("box", response.Status.Id);
        Assert.Equal("/runtime.v1.RuntimeService/PodSandboxStatus", path);
        Assert.Equal("application/grpc", contentType);
        Assert.Equal("trailers", te);
        Assert.Equal("120000m", timeout);
        Assert.Equal(new PodSandboxStatusRequest { PodSandboxId = "box", Verbose = true }, received);
    }

    [Theory]
    [InlineData(5, "no%20such%20box%3A \"x\"", RuntimeStatusCode.NotFound,
        "rpc error: code = NotFound desc = no such box: \"x\"")]
    [InlineData(1, "gone", RuntimeStatusCode.Cancelled, "rpc error: code = Canceled desc = gone")]
    [InlineData(99, "odd", (RuntimeStatusCode)99, "rpc error: code = Code(99) desc = odd")]
    public async Task Call_RefusingServer_ThrowsWithCodeAndDecodedMessage(
        int status, string message, RuntimeStatusCode code, string text)
    {
        await using var server = await FakeGrpcServer.StartAsync(Socket, context =>
        {
            FakeGrpcServer.End(context, status, message);
            return Task.CompletedTask;
        });
        using var runtime = new CriRuntime(Socket, TimeProvider.System);

        var e = await Assert.ThrowsAsync<RuntimeCallException>(() =>
            runtime.ContainerStatusAsync("x", false, CancellationToken.None));

        Assert.Equal(code, e.Code);
        Assert.Equal(text, e.Message);
    }

    [Fact]
    public async Task Call_ErrorInTrailersAfterMessage_Throws()
    {
        await using var server = await FakeGrpcServer.StartAsync(Socket, async context =>
        {
            await FakeGrpcServer.WriteAsync(context, new VersionResponse());
            FakeGrpcServer.End(context, 13, "broke");
        });
        using var runtime = new CriRuntime(Socket, TimeProvider.System);

        var e = await Assert.ThrowsAsync<RuntimeCallException>(() => runtime.VersionAsync(CancellationToken.None));

        Assert.Equal(RuntimeStatusCode.Internal, e.Code);
    }

    [Fact]
    public async Task Call_NoServer_ThrowsUnavailable()
    {
        using var runtime = new CriRuntime(Socket, TimeProvider.System);

        var e = await Assert.ThrowsAsync<RuntimeCallException>(() => runtime.VersionAsync(CancellationToken.None));

        Assert.Equal(RuntimeStatusCode.Unavailable, e.Code);
        Assert.Contains(Socket, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Call_ServerStartedAgain_ConnectsAgain()
    {
        static async Task Answer(HttpContext context)
        {
            await FakeGrpcServer.WriteAsync(context, new VersionResponse { RuntimeName = "fake" });
            FakeGrpcServer.End(context, 0);
        }

        using var runtime = new CriRuntime(Socket, TimeProvider.System);
        await using (await FakeGrpcServer.StartAsync(Socket, Answer))
            await runtime.VersionAsync(CancellationToken.None);
        var between = await Assert.ThrowsAsync<RuntimeCallException>(() => runtime.VersionAsync(CancellationToken.None));
        await using var second = await FakeGrpcServer.StartAsync(Socket, Answer);

        Assert.Equal("fake", (await runtime.VersionAsync(CancellationToken.None)).RuntimeName);
        Assert.Equal(RuntimeStatusCode.Unavailable, between.Code);
    }

    [Fact]
    public async Task Call_ServerTakesTooLong_ThrowsDeadlineExceeded()
    {
        var time = new VirtualTimeProvider();
        var arrived = new TaskCompletionSource();
        await using var server = await FakeGrpcServer.StartAsync(Socket, async context =>
        {
            arrived.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);
        });
        using var runtime = new CriRuntime(Socket, time);

        var call = runtime.VersionAsync(CancellationToken.None);
        await arrived.Task;
        time.Advance(CriRuntime.CallDeadline);

        var e = await Assert.ThrowsAsync<RuntimeCallException>(() => call);
        Assert.Equal(RuntimeStatusCode.DeadlineExceeded, e.Code);
    }

    [Fact]
    public async Task Call_CallerCancels_ThrowsCancelled()
    {
        var arrived = new TaskCompletionSource();
        await using var server = await FakeGrpcServer.StartAsync(Socket, async context =>
        {
            arrived.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);
        });
        using var runtime = new CriRuntime(Socket, TimeProvider.System);
        using var cancellation = new CancellationTokenSource();

        var call = runtime.VersionAsync(cancellation.Token);
        await arrived.Task;
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
    }

    [Fact]
    public async Task Call_TooLongMessage_ThrowsResourceExhausted()
    {
        await using var server = await FakeGrpcServer.StartAsync(Socket, async context =>
        {
            context.Response.ContentType = "application/grpc";
            await context.Response.Body.WriteAsync(new byte[] { 0, 0x7F, 0xFF, 0xFF, 0xFF });
        });
        using var runtime = new CriRuntime(Socket, TimeProvider.System);

        var e = await Assert.ThrowsAsync<RuntimeCallException>(() => runtime.VersionAsync(CancellationToken.None));

        Assert.Equal(RuntimeStatusCode.ResourceExhausted, e.Code);
    }

    [Fact]
    public async Task Events_ServerStreams_GivesEachThenTheStatus()
    {
        await using var server = await FakeGrpcServer.StartAsync(Socket, async context =>
        {
            await FakeGrpcServer.ReadAsync(context, GetEventsRequest.Parser);
            foreach (var id in (string[])["a", "b"])
                await FakeGrpcServer.WriteAsync(context, new ContainerEventResponse { ContainerId = id });
            FakeGrpcServer.End(context, 14, "going away");
        });
        using var runtime = new CriRuntime(Socket, TimeProvider.System);
        var seen = new List<string>();

        var e = await Assert.ThrowsAsync<RuntimeCallException>(async () =>
        {
            await foreach (var happened in runtime.ContainerEventsAsync(CancellationToken.None))
                seen.Add(happened.ContainerId);
        });

        Assert.Equal("rpc error: code = Unavailable desc = going away", e.Message);
        Assert.Equal(["a", "b"], seen);
    }

    [Fact]
    public async Task CgroupDriver_OldRuntime_IsNull()
    {
        await using var server = await FakeGrpcServer.StartAsync(Socket, context =>
        {
            FakeGrpcServer.End(context, 12, "unknown method RuntimeConfig");
            return Task.CompletedTask;
        });
        using var runtime = new CriRuntime(Socket, TimeProvider.System);

        Assert.Null(await runtime.CgroupDriverAsync(CancellationToken.None));
    }

    [Theory]
    [InlineData("unix:///run/containerd/containerd.sock", "/run/containerd/containerd.sock")]
    [InlineData("/run/crio.sock", "/run/crio.sock")]
    public void SocketPath_UnixEndpoint_IsThePath(string endpoint, string path) =>
        Assert.Equal(path, CriRuntime.SocketPath(endpoint));

    [Theory]
    [InlineData("tcp://127.0.0.1:1")]
    [InlineData("run/containerd.sock")]
    [InlineData("")]
    public void SocketPath_Other_Throws(string endpoint) =>
        Assert.Throws<ArgumentException>(() => CriRuntime.SocketPath(endpoint));
}
