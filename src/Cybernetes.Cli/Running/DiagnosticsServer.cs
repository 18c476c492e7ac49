using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Cybernetes.Client.Transport;
using Cybernetes.Cluster.Pki;
using Cybernetes.Cluster.Serving;
using Cybernetes.Foundation.Certificates;
using Cybernetes.Objects;
using Cybernetes.Objects.Authentication.V1;
using Cybernetes.Objects.Authorization.V1;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Cli.Running;

/// <summary>How a part's port is served.</summary>
internal sealed record DiagnosticsOptions
{
    public required IPEndPoint Address { get; init; }

    public required X509Certificate2 Certificate { get; init; }

    /// <summary>Who signs the certificates of clients (<c>--client-ca-file</c>). Default: nobody, certificates are not asked for.</summary>
    public X509Certificate2Collection ClientAuthorities { get; init; } = [];

    /// <summary>Who says whose a token is (<c>--authentication-kubeconfig</c>). Null: the part's own API server.</summary>
    public ApiClient? Authentication { get; init; }

    /// <summary>Who says who may (<c>--authorization-kubeconfig</c>). Null: the part's own API server.</summary>
    public ApiClient? Authorization { get; init; }

    /// <summary>Paths that nobody is asked about (<c>--authorization-always-allow-paths</c>); <c>*</c> at the end stands for anything.</summary>
    public IReadOnlyList<string> OpenPaths { get; init; } = DefaultOpenPaths;

    /// <summary>What /configz answers, as JSON; empty: there is none.</summary>
    public string Configuration { get; init; } = "";

    public static IReadOnlyList<string> DefaultOpenPaths { get; } = ["/healthz", "/readyz", "/livez"];
}

/// <summary>
/// The port of a part that runs alone, as upstream's <c>--secure-port</c>: /healthz, /livez and /readyz for everyone; /metrics and /configz for
/// whom the API server says. Clients show a certificate or a token, or are anonymous.
/// </summary>
internal sealed class DiagnosticsServer : IAsyncDisposable
{
    private const string PlainText = "text/plain; charset=utf-8";
    private const string Authenticated = "system:authenticated";
    private const string MetricsType = "text/plain; version=0.0.4; charset=utf-8";
    private readonly WebApplication _application;
    private readonly PartContext _context;
    private readonly DiagnosticsOptions _options;

    private DiagnosticsServer(WebApplication application, DiagnosticsOptions options, PartContext context) =>
        (_application, _options, _context) = (application, options, context);

    /// <summary>The port that is listened on.</summary>
    public int Port => BindingAddress.Parse(
        _application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;

    /// <summary>Starts to serve; stopped by disposing, with the clients of the options.</summary>
    /// <exception cref="ControlPlaneException">The address is in use.</exception>
    public static async Task<DiagnosticsServer> StartAsync(DiagnosticsOptions options, PartContext context, CancellationToken cancellation)
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
            kestrel.Listen(options.Address, listen => listen.UseHttps(https =>
            {
                https.ServerCertificate = options.Certificate;
                if (options.ClientAuthorities.Count == 0)
                    return;
                https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
                // Looked at with the request, which is answered where it is not believed.
                https.ClientCertificateValidation = (_, _, _) => true;
            }));
        });
        WebApplication application = builder.Build();
        var server = new DiagnosticsServer(application, options, context);
        application.Run(server.HandleAsync);
        try
        {
            await application.StartAsync(cancellation).ConfigureAwait(false);
            return server;
        }
        catch (IOException failure)
        {
            await application.DisposeAsync().ConfigureAwait(false);
            throw new ControlPlaneException($"failed to listen on {options.Address}: {failure.Message}", failure);
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
        _options.Authentication?.Dispose();
        _options.Authorization?.Dispose();
    }

    private async Task HandleAsync(HttpContext http)
    {
        string path = http.Request.Path.Value ?? "/";
        try
        {
            bool isOpen = _options.OpenPaths.Any(open => open.EndsWith('*') ? path.StartsWith(open[..^1], StringComparison.Ordinal) : path == open);
            if (!isOpen && await RefusalOfAsync(http, path).ConfigureAwait(false) is { } refusal)
                await AnswerAsync(http, refusal.Code, "application/json", refusal.Status).ConfigureAwait(false);
            else
                await ServeAsync(http, path).ConfigureAwait(false);
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

    private Task ServeAsync(HttpContext http, string path)
    {
        bool isRead = HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method);
        return path switch
        {
            "/healthz" or "/livez" or "/readyz" => AnswerAsync(http, 200, PlainText, "ok"),
            "/metrics" when isRead => AnswerAsync(http, 200, MetricsType, _context.Metrics.Render()),
            "/configz" when isRead && _options.Configuration.Length > 0 => AnswerAsync(http, 200, "application/json", _options.Configuration),
            _ => AnswerAsync(http, 404, PlainText, "404 page not found\n"),
        };
    }

    private async Task<(int Code, string Status)?> RefusalOfAsync(HttpContext http, string path)
    {
        var review = new SubjectAccessReview
        {
            Spec = { NonResourceAttributes = new() { Path = path, Verb = http.Request.Method.ToLowerInvariant() } },
        };
        if (!await NameAsync(http, review.Spec).ConfigureAwait(false))
            return (401, StatusOf(401, "Unauthorized", "Unauthorized"));
        SubjectAccessReview answer = await (_options.Authorization ?? _context.Client).For<SubjectAccessReview>()
            .CreateAsync(review, null, http.RequestAborted).ConfigureAwait(false);
        return answer.Status.Allowed
            ? null
            : (403, StatusOf(403, "Forbidden", $"forbidden: User \"{review.Spec.User}\" cannot {review.Spec.NonResourceAttributes.Verb} path \"{path}\""));
    }

    /// <summary>Writes down who asks: by certificate, by token, else nobody in particular. False where neither that is shown is believed.</summary>
    private async Task<bool> NameAsync(HttpContext http, SubjectAccessReviewSpec spec)
    {
        const string scheme = "Bearer ";
        X509Certificate2? certificate = _options.ClientAuthorities.Count > 0 ? http.Connection.ClientCertificate : null;
        if (certificate is not null
            && ClientCertificates.Verify(certificate, _options.ClientAuthorities, _context.Client.Time.GetUtcNow()) is { } shown)
        {
            (spec.User, spec.Groups) = (shown.Name, [.. shown.Organizations, Authenticated]);
            return true;
        }
        string header = http.Request.Headers.Authorization.ToString();
        if (header.StartsWith(scheme, StringComparison.OrdinalIgnoreCase))
        {
            TokenReview asked = await (_options.Authentication ?? _context.Client).For<TokenReview>().CreateAsync(
                new TokenReview { Spec = { Token = header[scheme.Length..].Trim() } }, null, http.RequestAborted).ConfigureAwait(false);
            UserInfo user = asked.Status.User;
            (spec.User, spec.UID, spec.Groups, spec.Extra) = (user.Username, user.UID, user.Groups, user.Extra);
            return asked.Status.Authenticated;
        }
        (spec.User, spec.Groups) = ("system:anonymous", ["system:unauthenticated"]);
        return certificate is null;
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
