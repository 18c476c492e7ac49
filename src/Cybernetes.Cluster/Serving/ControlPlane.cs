using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Cybernetes.ApiServer.Registry;
using Cybernetes.ApiServer.Server;
using Cybernetes.Client.Kubeconfig;
using Cybernetes.Client.Transport;
using Cybernetes.Cluster.Pki;
using Cybernetes.Foundation.Files;
using Cybernetes.Foundation.Metrics;
using Cybernetes.Store;
using Cybernetes.Store.Embedded;
using Cybernetes.Store.Etcd;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Cluster.Serving;

/// <summary>
/// A running control plane: the store, the certificates, the API server, and the kubeconfigs that lead to it. Parts in
/// the same
/// process get their clients from <see cref="ClientAs"/>.
/// </summary>
public sealed class ControlPlane : IAsyncDisposable
{
    // Requests that do not end by themselves are cut off after this: systemd's patience is 90 s, people's is shorter.
    private static readonly TimeSpan drain = TimeSpan.FromSeconds(5);

    private readonly ControlPlaneOptions _options;
    private readonly IStore _store;
    private readonly ApiServerHost _host;
    private readonly CertificateKeeper _certificates;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _renewing;

    private ControlPlane(ControlPlaneOptions options, IStore store, ApiServerHost host, CertificateKeeper certificates)
    {
        _options = options;
        _store = store;
        _host = host;
        _certificates = certificates;
        _renewing = certificates.RunAsync(pki => WriteKubeconfigs(pki), _stop.Token);
    }

    /// <summary>The port the API server listens on.</summary>
    public int Port => _host.Port;

    /// <summary>Where a client on this machine reaches the server.</summary>
    public Uri LocalAddress
    {
        get
        {
            IPAddress bind = _options.BindAddress;
            bool isEverywhere = bind.Equals(IPAddress.Any) || bind.Equals(IPAddress.IPv6Any);
            string host = isEverywhere ? "127.0.0.1" : bind.ToString();
            if (host.Contains(':', StringComparison.Ordinal))
                host = $"[{host}]";
            return new Uri($"https://{host}:{Port}");
        }
    }

    /// <summary>The certificates to use now; they change when they are renewed.</summary>
    public ClusterPki Certificates => _certificates.Current;

    /// <summary>What the API server tells under /metrics; other parts of the process add theirs.</summary>
    public MetricRegistry Metrics => _host.Metrics;

    /// <summary>
    /// Starts: 1. the data directory, 2. the store, 3. the certificates, 4. the API server, 5. the kubeconfigs.
    /// </summary>
    /// <exception cref="ControlPlaneException">Something is in the way: the data is another process', the port is taken, a key is
    /// lost.</exception>
    public static async Task<ControlPlane> StartAsync(ControlPlaneOptions options, CancellationToken cancellation)
    {
        ILogger logger = options.Loggers.CreateLogger("server");
        IPAddress advertise = AdvertiseAddressOf(options);
        MakeDirectory(options.DataDirectory);

        ClusterPkiOptions pkiOptions = PkiOptionsOf(options, advertise);
        // The store first: the embedded one's lock makes the data directory ours, certificates included.
        IStore store = await OpenStoreAsync(options, cancellation).ConfigureAwait(false);
        try
        {
            var keeper = new CertificateKeeper(pkiOptions, ClusterPki.Ensure(pkiOptions, options.Time), options.Time, logger);
            ApiServerHost host = await ApiServerHost.StartAsync(
                store, ServerOptions(options, advertise, keeper), cancellation).ConfigureAwait(false);
            var plane = new ControlPlane(options, store, host, keeper);
            plane.WriteKubeconfigs(keeper.Current);
            plane.MergeKubeconfig(logger);
            logger.LogInformation(
                "The API server listens on {Address} (data in {Directory})", plane.LocalAddress, options.DataDirectory);
            return plane;
        }
        catch (Exception failure)
        {
            await store.DisposeAsync().ConfigureAwait(false);
            if (failure is ApiEnablementException or IOException or UnauthorizedAccessException or ClusterPkiException or KubeconfigException)
                throw new ControlPlaneException(failure.Message, failure);
            throw;
        }
    }

    /// <summary>A client that enters the API server without sockets, as this user. The caller disposes it.</summary>
    public ApiClient ClientAs(string user, params string[] groups) => new(
        _host.CreateHandler(user, groups),
        new Uri("http://in-process.cybernetes.local"),
        new ApiClientOptions { Time = _options.Time, UserAgent = ApiClientOptions.AgentOf(user) });

    /// <summary>Ends when the API server says it is ready (/readyz).</summary>
    public Task WaitUntilReadyAsync(CancellationToken cancellation) => _host.WaitUntilReadyAsync(cancellation);

    /// <summary>Stops in order: no new requests, those under way may end, then the store is closed.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _renewing.ConfigureAwait(false);
        using (var deadline = new CancellationTokenSource(drain, _options.Time))
            await _host.StopAsync(deadline.Token).ConfigureAwait(false);
        await _host.DisposeAsync().ConfigureAwait(false);
        await _store.DisposeAsync().ConfigureAwait(false);
        _stop.Dispose();
    }

    private static IPAddress AdvertiseAddressOf(ControlPlaneOptions options)
    {
        if (options.AdvertiseAddress is not null)
            return options.AdvertiseAddress;
        bool isOne = !options.BindAddress.Equals(IPAddress.Any) && !options.BindAddress.Equals(IPAddress.IPv6Any);
        return isOne ? options.BindAddress : HostAddresses.Primary();
    }

    private static void MakeDirectory(string path)
    {
        try
        {
            if (OperatingSystem.IsWindows())
                Directory.CreateDirectory(path);
            else
                Directory.CreateDirectory(path, AtomicFile.OwnerOnly | UnixFileMode.UserExecute);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new ControlPlaneException($"cannot use the data directory {path}: {failure.Message}", failure);
        }
    }

    private static async Task<IStore> OpenStoreAsync(ControlPlaneOptions options, CancellationToken cancellation)
    {
        if (options.Etcd is { } etcd)
        {
            StoreResult<EtcdStore> opened = await EtcdStore.OpenAsync(
                etcd, options.Time, logger: options.Loggers.CreateLogger("store"), cancellation: cancellation).ConfigureAwait(false);
            return opened.TryGet(out EtcdStore? shared, out StoreError? failure) ? shared : throw new ControlPlaneException(
                $"cannot reach etcd at {string.Join(',', etcd.Servers)}: {failure.Message}");
        }
        string path = Path.Combine(options.DataDirectory, "store");
        ILogger logger = options.Loggers.CreateLogger("store");
        EmbeddedStoreOptions limits = new() { AnswersGoOnWithWriter = true };
        return EmbeddedStore.Open(path, options.Time, limits, logger: logger).TryGet(out EmbeddedStore? store, out StoreError? error)
            ? store
            : throw new ControlPlaneException($"cannot open the store in {path}: {error.Message}");
    }

    private static ClusterPkiOptions PkiOptionsOf(ControlPlaneOptions options, IPAddress advertise) => new()
    {
        Directory = Path.Combine(options.DataDirectory, "pki"),
        NodeName = options.NodeName,
        ServiceAddress = FirstAddress(options.ServiceRange),
        Addresses = [options.BindAddress, advertise],
        ExtraNames = options.ExtraNames,
    };

    private static IPAddress FirstAddress(IPNetwork range)
    {
        byte[] bytes = range.BaseAddress.GetAddressBytes();
        bytes[^1]++;
        return new IPAddress(bytes);
    }

    private static ApiServerOptions ServerOptions(ControlPlaneOptions options, IPAddress advertise, CertificateKeeper keeper)
    {
        var signingKey = ECDsa.Create();
        signingKey.ImportFromPem(File.ReadAllText(keeper.Current.ServiceAccountKeyPath));
        var authorities = new X509Certificate2Collection(keeper.Current.Authority.Certificate);
        return new ApiServerOptions
        {
            BindAddress = options.BindAddress,
            SecurePort = options.SecurePort,
            AnswersOnSocketThreads = true,
            AdvertiseAddress = advertise,
            ServingCertificate = () => keeper.Current.ApiServer.Certificate,
            ClientAuthorities = () => authorities,
            KubeletAuthorities = () => authorities,
            KubeletClientCertificate = () => keeper.Current.ApiServerKubeletClient.Certificate,
            ServiceClusterIPRange = options.ServiceRange,
            SecondaryServiceClusterIPRange = options.SecondaryServiceRange,
            EventTimeToLive = options.EventTimeToLive,
            FirstNodePort = options.FirstNodePort,
            LastNodePort = options.LastNodePort,
            ServiceAccountKey = signingKey,
            SharesStore = options.Etcd is not null,
            Admission = options.Admission,
            Enablement = options.Enablement,
            FeatureGates = options.FeatureGates,
            Time = options.Time,
            Loggers = options.Loggers,
        };
    }

    private void WriteKubeconfigs(ClusterPki pki) =>
        ComponentKubeconfigs.Write(_options.DataDirectory, LocalAddress, pki, _options.NodeName);

    private void MergeKubeconfig(ILogger logger)
    {
        if (_options.WriteKubeconfig.Length == 0)
            return;
        KubeconfigAccess access = ComponentKubeconfigs.Admin(LocalAddress, Certificates);
        bool isCurrent = KubeconfigWriter.Merge(_options.WriteKubeconfig, access);
        logger.LogInformation("The administrator's access is in {Path}{Hint}", _options.WriteKubeconfig,
            isCurrent ? "" : $"; to use it: kubectl config use-context {access.ContextName}");
    }
}
