using System.Buffers.Binary;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Cybernetes.Node.Tests.Runtime;

/// <summary>A gRPC server on a unix socket, as small as the framing allows: each test answers by hand.</summary>
internal sealed class FakeGrpcServer : IAsyncDisposable
{
    private readonly WebApplication _application;

    private FakeGrpcServer(WebApplication application) => _application = application;

    public static async Task<FakeGrpcServer> StartAsync(string socket, RequestDelegate answer)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(
            kestrel => kestrel.ListenUnixSocket(socket, listen => listen.Protocols = HttpProtocols.Http2));
        var application = builder.Build();
        application.Run(answer);
        await application.StartAsync();
        return new FakeGrpcServer(application);
    }

    public static async Task<T> ReadAsync<T>(HttpContext context, MessageParser<T> parser)
        where T : IMessage<T>
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var bytes = body.ToArray();
        Assert.Equal(0, bytes[0]);
        Assert.Equal(bytes.Length - 5, BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(1)));
        return parser.ParseFrom(bytes.AsSpan(5));
    }

    public static async Task WriteAsync(HttpContext context, IMessage message)
    {
        if (!context.Response.HasStarted)
            context.Response.ContentType = "application/grpc";
        await context.Response.Body.WriteAsync(Frame(message));
        await context.Response.Body.FlushAsync();
    }

    public static byte[] Frame(IMessage message)
    {
        var frame = new byte[5 + message.CalculateSize()];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), frame.Length - 5);
        message.WriteTo(frame.AsSpan(5));
        return frame;
    }

    public static void End(HttpContext context, int status, string message = "")
    {
        if (!context.Response.HasStarted)
        {
            // "Trailers-Only": the status is in the headers.
            context.Response.ContentType = "application/grpc";
            context.Response.Headers["grpc-status"] = $"{status}";
            context.Response.Headers["grpc-message"] = message;
            return;
        }

        context.Response.AppendTrailer("grpc-status", $"{status}");
        context.Response.AppendTrailer("grpc-message", message);
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _application.StopAsync(now.Token);
        await _application.DisposeAsync();
    }

    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
