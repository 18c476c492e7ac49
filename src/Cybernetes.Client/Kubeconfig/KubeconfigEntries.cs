namespace Cybernetes.Client.Kubeconfig;

/// <summary>A cluster entry of a kubeconfig (client-go's clientcmd v1 format). Empty strings mean absent.</summary>
public sealed record KubeconfigCluster
{
    /// <summary>The API server's address, such as <c>https://127.0.0.1:6443</c>.</summary>
    public string Server { get; init; } = "";

    /// <summary>
    /// The name to ask for in TLS and to find in the serving certificate, when it differs from the address' host.
    /// </summary>
    public string TlsServerName { get; init; } = "";

    public bool InsecureSkipTlsVerify { get; init; }

    /// <summary>Path of a PEM bundle; <see cref="CertificateAuthorityData"/> wins when both are there.</summary>
    public string CertificateAuthority { get; init; } = "";

    public byte[]? CertificateAuthorityData { get; init; }

    public string ProxyUrl { get; init; } = "";

    public bool DisableCompression { get; init; }
}

/// <summary>A user entry of a kubeconfig: how to prove who asks. Empty strings mean absent.</summary>
public sealed record KubeconfigUser
{
    public string ClientCertificate { get; init; } = "";
    public byte[]? ClientCertificateData { get; init; }
    public string ClientKey { get; init; } = "";
    public byte[]? ClientKeyData { get; init; }
    public string Token { get; init; } = "";

    /// <summary>Path of a file that holds the token and may be rotated; it wins over <see cref="Token"/>.</summary>
    public string TokenFile { get; init; } = "";

    public string Username { get; init; } = "";
    public string Password { get; init; } = "";

    /// <summary>Whom to act as (impersonation).</summary>
    public string ActAs { get; init; } = "";
    public string ActAsUid { get; init; } = "";
    public IReadOnlyList<string> ActAsGroups { get; init; } = [];
    public IReadOnlyDictionary<string, IReadOnlyList<string>> ActAsExtra { get; init; } =
        new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>The command of an exec credential plugin, or empty.</summary>
    public string ExecCommand { get; init; } = "";

    /// <summary>The name of an in-tree auth provider (removed upstream in 1.26), or empty.</summary>
    public string AuthProvider { get; init; } = "";
}

/// <summary>A context entry of a kubeconfig: a cluster, a user and a default namespace by name.</summary>
public sealed record KubeconfigContext
{
    public string Cluster { get; init; } = "";
    public string User { get; init; } = "";
    public string Namespace { get; init; } = "";
}

/// <summary>A kubeconfig cannot be read, written or used; the message says which file or entry and why.</summary>
public sealed class KubeconfigException(string message, Exception? cause = null) : Exception(message, cause);
