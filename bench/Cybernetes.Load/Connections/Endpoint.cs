using System.Net.Security;
using System.Text;
using Cybernetes.Client.Kubeconfig;
using Cybernetes.Client.Transport;

namespace Cybernetes.Load.Connections;

/// <summary>One server and who we are there: what a connection needs, prepared once.</summary>
internal sealed record Endpoint
{
    public required string Host { get; init; }

    public required int Port { get; init; }

    /// <summary>Null: no TLS.</summary>
    public SslClientAuthenticationOptions? Tls { get; init; }

    /// <summary>Names (in lower case, as HTTP/2 wants them) and values sent with every request.</summary>
    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    public bool Http2 { get; init; }

    public string Authority => $"{Host}:{Port}";

    /// <exception cref="KubeconfigException">The access asks for what this tool does not do.</exception>
    public static Endpoint Of(ClusterAccess access, bool http2)
    {
        if (access.Proxy is not null)
            throw new KubeconfigException("a load through a proxy measures the proxy: take proxy-url out of the kubeconfig");
        if (http2 && access.Server.Scheme != "https")
            throw new KubeconfigException("HTTP/2 needs an https address: it is agreed upon in the TLS handshake");
        return new()
        {
            Host = access.Server.IdnHost, Port = access.Server.Port, Headers = HeadersOf(access), Http2 = http2,
            Tls = access.Server.Scheme == "https" ? TlsOf(access, http2) : null,
        };
    }

    private static SslClientAuthenticationOptions TlsOf(ClusterAccess access, bool http2)
    {
        var options = HttpsTransport.TlsOptions(access);
        options.TargetHost = access.TlsServerName.Length > 0 ? access.TlsServerName : access.Server.IdnHost;
        options.ApplicationProtocols = [http2 ? SslApplicationProtocol.Http2 : SslApplicationProtocol.Http11];
        return options;
    }

    private static List<(string, string)> HeadersOf(ClusterAccess access)
    {
        var headers = new List<(string, string)>();
        var token = access.TokenFile.Length > 0 ? File.ReadAllText(access.TokenFile).Trim() : access.Token;
        if (token.Length > 0)
            headers.Add(("authorization", "Bearer " + token));
        else if (access.Username.Length > 0)
            headers.Add(("authorization", "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{access.Username}:{access.Password}"))));
        if (access.ActAs.Length > 0)
            headers.Add(("impersonate-user", access.ActAs));
        headers.AddRange(access.ActAsGroups.Select(g => ("impersonate-group", g)));
        return headers;
    }
}
