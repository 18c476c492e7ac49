using System.Net;
using Cybernetes.ApiServer.Admission;
using Cybernetes.ApiServer.Registry;
using Cybernetes.Store.Etcd;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Cluster.Serving;

/// <summary>
/// How a control plane is set up: an API server over the embedded store or etcd, with its certificates and kubeconfigs.
/// </summary>
public sealed record ControlPlaneOptions
{
    /// <summary>Where all that must outlive the process is kept: <c>store/</c>, <c>pki/</c> and the kubeconfigs.</summary>
    public required string DataDirectory { get; init; }

    public required string NodeName { get; init; }

    /// <summary>Default: all addresses.</summary>
    public IPAddress BindAddress { get; init; } = IPAddress.Any;

    /// <summary>Range: 0 (the system chooses) to 65535. Default: 6443.</summary>
    public int SecurePort { get; init; } = 6443;

    /// <summary>Where others reach the server; null: the bind address, or that of the default route's interface.</summary>
    public IPAddress? AdvertiseAddress { get; init; }

    public IPNetwork ServiceRange { get; init; } = IPNetwork.Parse("10.96.0.0/12");

    /// <summary>The range of services' addresses of the other family; null: they have one family.</summary>
    public IPNetwork? SecondaryServiceRange { get; init; }

    public int FirstNodePort { get; init; } = 30000;
    public int LastNodePort { get; init; } = 32767;

    /// <summary>How long events are kept (<c>--event-ttl</c>). Default: one hour.</summary>
    public TimeSpan EventTimeToLive { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Which API versions and resources are served.</summary>
    public ApiEnablement Enablement { get; init; } = ApiEnablement.Default;

    /// <summary>Which admission plugins run.</summary>
    public AdmissionSelection Admission { get; init; } = AdmissionSelection.Default;

    /// <summary>Which features are on.</summary>
    public FeatureGates FeatureGates { get; init; } = FeatureGates.Default;

    /// <summary>Further names the serving certificate shall be good for.</summary>
    public IReadOnlyList<string> ExtraNames { get; init; } = [];

    /// <summary>A kubeconfig into which the administrator's access is merged; empty: none but DATA/admin.conf.</summary>
    public string WriteKubeconfig { get; init; } = "";

    /// <summary>Where the objects are kept; null: in the embedded store in <see cref="DataDirectory"/>.</summary>
    public EtcdStoreOptions? Etcd { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public required ILoggerFactory Loggers { get; init; }
}

/// <summary>The control plane cannot start; the message says what is in the way.</summary>
public sealed class ControlPlaneException(string message, Exception? cause = null) : Exception(message, cause);
