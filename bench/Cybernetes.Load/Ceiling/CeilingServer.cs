using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Load.Ceiling;

/// <summary>
/// Kestrel with TLS and nothing behind it: POST is read and answered with 1 KB, GET with 1 KB, GET <c>/body</c> with 24 MB. What an API server on the
/// same machine, under the same clients, cannot pass. A process of its own, as the API server is one.
/// </summary>
internal static class CeilingServer
{
    public const string Verb = "ceiling-server";
    public const string BodyPath = "/body";
    private const int SmallBytes = 1024;
    private const int BodyBytes = 24_000_000;
    private const int PieceBytes = 64 * 1024;

    /// <summary>Serves until its input ends, so that it never outlives who started it. Its first line: port and certificate.</summary>
    public static int Run(TextReader input, TextWriter output)
    {
        using var certificate = MakeCertificate();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = HttpProtocols.Http1AndHttp2;
            listen.UseHttps(certificate);
        }));
        var app = builder.Build();
        var small = new byte[SmallBytes];
        small.AsSpan().Fill((byte)'x');
        var piece = new byte[PieceBytes];
        piece.AsSpan().Fill((byte)'y');
        app.Run(context => AnswerAsync(context, small, piece));
        app.StartAsync().GetAwaiter().GetResult();
        output.WriteLine($"{new Uri(app.Urls.First()).Port} {Convert.ToBase64String(certificate.RawData)}");
        output.Flush();
        input.ReadToEnd();
        app.StopAsync().GetAwaiter().GetResult();
        return 0;
    }

    private static async Task AnswerAsync(HttpContext context, byte[] small, byte[] piece)
    {
        if (context.Request.Method == HttpMethods.Post)
        {
            for (var body = context.Request.BodyReader; ;)
            {
                var read = await body.ReadAsync().ConfigureAwait(false);
                body.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                    break;
            }
            context.Response.StatusCode = StatusCodes.Status201Created;
        }
        context.Response.ContentType = "application/json";
        if (context.Request.Path != BodyPath)
        {
            context.Response.ContentLength = small.Length;
            await context.Response.BodyWriter.WriteAsync(small).ConfigureAwait(false);
            return;
        }
        context.Response.ContentLength = BodyBytes;
        for (var left = BodyBytes; left > 0;)
        {
            var now = Math.Min(left, piece.Length);
            await context.Response.BodyWriter.WriteAsync(piece.AsMemory(0, now)).ConfigureAwait(false);
            left -= now;
        }
    }

    private static X509Certificate2 MakeCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=ceiling", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var now = TimeProvider.System.GetUtcNow();
        using var made = request.CreateSelfSigned(now.AddHours(-1), now.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }
}
