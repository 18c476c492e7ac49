using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Cybernetes.Client.Transport;
using Cybernetes.Cluster.Pki;
using Cybernetes.Cluster.Serving;
using Cybernetes.Objects;
using Cybernetes.Objects.Authentication.V1;
using Cybernetes.Objects.Authorization.V1;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Cli.Running;

/// <summary>
/// The port of a part that runs alone: /healthz, /livez and /readyz for everyone, /metrics for whom the API server says (TokenReview,
/// SubjectAccessReview), as with upstream's <c>--secure-port</c>.
/// </summary>
internal sealed class DiagnosticsServer : IAsyncDisposable
{
    private const string PlainText = "text/plain; charset=utf-8";
    private const string MetricsType = "text/plain; version=0.0.4; charset=utf-8";
    private readonly WebApplication _application;
    private readonly PartContext _context;

    private DiagnosticsServer(WebApplication application, PartContext context) => (_application, _context) = (application, context);

    /// <summary>The port that is listened on.</summary>
    public int Port => BindingAddress.Parse(
        _application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;

    /// <summary>Starts to serve; stopped by disposing.</summary>
    /// <exception cref="ControlPlaneException">The address is in use.</exception>
    public static async Task<DiagnosticsServer> StartAsync(
        IPEndPoint address, X509Certificate2 certificate, PartContext context, CancellationToken cancellation)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(context.Loggers);
        // The process decides when it ends, not this server.
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 0;
            kestrel.Listen(address, listen => listen.UseHttps(certificate));
        });
        WebApplication application = builder.Build();
        var server = new DiagnosticsServer(application, context);
        application.Run(server.HandleAsync);
        try
        {
            await application.StartAsync(cancellation).ConfigureAwait(false);
            return server;
        }
        catch (IOException failure)
        {
            await application.DisposeAsync().ConfigureAwait(false);
            throw new ControlPlaneException($"failed to listen on {address}: {failure.Message}", failure);
        }
    }

    /// <summary>A certificate of its own, for a year, as upstream makes one in memory where none is named.</summary>
    public static X509Certificate2 NewCertificate(TimeProvider time)
    {
        using ECDsa key = CertificateIssuer.NewKey();
        using X509Certificate2 made = CertificateIssuer.SelfSigned(key, "localhost", time.GetUtcNow(), TimeSpan.FromDays(365));
        // In this form TLS on every system takes it.
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null);
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync().ConfigureAwait(false);
        await _application.StopAsync(now.Token).ConfigureAwait(false);
        await _application.DisposeAsync().ConfigureAwait(false);
    }

    private async Task HandleAsync(HttpContext http)
    {
        string path = http.Request.Path.Value ?? "/";
        if (path is "/healthz" or "/livez" or "/readyz")
        {
            await AnswerAsync(http, 200, PlainText, "ok").ConfigureAwait(false);
            return;
        }
        try
        {
            if (await RefusalOfAsync(http, path).ConfigureAwait(false) is { } refusal)
                await AnswerAsync(http, refusal.Code, "application/json", refusal.Status).ConfigureAwait(false);
            else if (path == "/metrics" && HttpMethods.IsGet(http.Request.Method))
                await AnswerAsync(http, 200, MetricsType, _context.Metrics.Render()).ConfigureAwait(false);
            else
                await AnswerAsync(http, 404, PlainText, "404 page not found\n").ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is ApiStatusException or HttpRequestException or IOException or TimeoutException)
        {
            // Nobody can say whether the client may: it may not.
            _context.Loggers.CreateLogger("diagnostics").LogWarning("{Path} is refused, the API server does not say who may: {Reason}", path, failure.Message);
            await AnswerAsync(http, 500, PlainText, "Internal Server Error\n").ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The client left.
        }
    }

    private async Task<(int Code, string Status)?> RefusalOfAsync(HttpContext http, string path)
    {
        const string scheme = "Bearer ";
        string header = http.Request.Headers.Authorization.ToString();
        var review = new SubjectAccessReview
        {
            Spec =
            {
                User = "system:anonymous", Groups = ["system:unauthenticated"],
                NonResourceAttributes = new() { Path = path, Verb = http.Request.Method.ToLowerInvariant() },
            },
        };
        if (header.StartsWith(scheme, StringComparison.OrdinalIgnoreCase))
        {
            TokenReview asked = await _context.Client.For<TokenReview>().CreateAsync(
                new TokenReview { Spec = { Token = header[scheme.Length..].Trim() } }, null, http.RequestAborted).ConfigureAwait(false);
            if (!asked.Status.Authenticated)
                return (401, StatusOf(401, "Unauthorized", "Unauthorized"));
            review.Spec.User = asked.Status.User.Username;
            review.Spec.UID = asked.Status.User.UID;
            review.Spec.Groups = asked.Status.User.Groups;
            review.Spec.Extra = asked.Status.User.Extra;
        }
        SubjectAccessReview answer =
            await _context.Client.For<SubjectAccessReview>().CreateAsync(review, null, http.RequestAborted).ConfigureAwait(false);
        return answer.Status.Allowed
            ? null
            : (403, StatusOf(403, "Forbidden", $"forbidden: User \"{review.Spec.User}\" cannot {review.Spec.NonResourceAttributes.Verb} path \"{path}\""));
    }

    private static string StatusOf(int code, string reason, string message)
    {
        JsonEncodedText text = JsonEncodedText.Encode(message, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping);
        return $$$"""
            {"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"{{{text}}}","reason":"{{{reason}}}","code":{{{code}}}}
            """;
    }

    private static Task AnswerAsync(HttpContext http, int code, string type, string text)
    {
        http.Response.StatusCode = code;
        http.Response.ContentType = type;
        http.Response.Headers.XContentTypeOptions = "nosniff";
        return HttpMethods.IsHead(http.Request.Method) ? Task.CompletedTask : http.Response.WriteAsync(text, http.RequestAborted);
    }

    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
