using System.Net;
using System.Text;
using Cybernetes.ApiServer.Authentication;
using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Health;
using Cybernetes.ApiServer.Registry;
using Cybernetes.ApiServer.Registry.Allocation;
using Cybernetes.ApiServer.Transport;
using Cybernetes.Objects;
using Microsoft.Extensions.Logging;

namespace Cybernetes.ApiServer.Server;

/// <summary>
/// Keeps what every cluster has: the system namespaces and the <c>kubernetes</c> service with its endpoints. It writes through the pipeline like
/// any client, at start and then from time to time, in case someone deleted something.
/// </summary>
internal sealed class SystemObjects : IAsyncDisposable
{
    private static readonly string[] Namespaces = ["default", "kube-system", "kube-public", "kube-node-lease"];
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);
    private readonly RegistryServices _services;
    private readonly ApiServerOptions _options;
    private readonly int _port;
    private readonly HttpMessageInvoker _client;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly MasterLeases? _others;
    private Task _running = Task.CompletedTask;

    public SystemObjects(RegistryServices services, ApiServerOptions options, int port, HealthChecks health)
    {
        _services = services;
        _options = options;
        _port = port;
        if (options.SharesStore && !IPAddress.IsLoopback(options.AdvertiseAddress))
            _others = new(services.Store, options.AdvertiseAddress);
        _client = new(new InProcessHandler(services.Pipeline, UserInfo.Authenticated("system:apiserver", ["system:masters"])));
        health.Add(new("poststarthook/start-system-namespaces-controller", true,
            _ => new(_done.Task.IsCompletedSuccessfully ? null : "not finished")));
    }

    /// <summary>Completes when all is there for the first time.</summary>
    public Task Done => _done.Task;

    public void Start() => _running = RunAsync(_stop.Token);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_others is not null)
            await _others.DisposeAsync();
        _client.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var complete = await TryEnsureAsync(cancellation);
            if (complete)
                _done.TrySetResult();
            await Task.Delay(!complete ? RetryPause : _others is null ? _options.SystemObjectsPeriod : MasterLeases.Period, _services.Time, cancellation);
        }
    }

    /// <summary>Whatever goes wrong is told and tried again: the server is not ready before this has worked once.</summary>
    private async Task<bool> TryEnsureAsync(CancellationToken cancellation)
    {
        try
        {
            return await EnsureAsync(cancellation);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            _services.Logger.LogError(e, "the system's objects could not be made");
            return false;
        }
    }

    private async Task<bool> EnsureAsync(CancellationToken cancellation)
    {
        var complete = true;
        foreach (var name in Namespaces)
            complete &= await EnsureAsync(new("", "namespaces"), "", "/api/v1/namespaces", name,
                $$$"""{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"{{{name}}}"}}""", cancellation);
        // Together, so that the store commits them together.
        var starting = StartingObjects.All.Where(o => _services.Catalog.Find(o.Group, "v1", o.Plural) is not null)
            .Select(o => EnsureAsync(new(o.Group, o.Plural), "", o.Path, o.Name, o.Json, cancellation));
        complete &= Array.TrueForAll(await Task.WhenAll(starting), done => done);
        if (_services.Catalog.Find("networking.k8s.io", "v1", "servicecidrs") is not null)
            complete &= await EnsureServiceRangeAsync(cancellation);
        if (_services.Catalog.FindStored("", "services") is not null)
            complete &= await EnsureServiceAsync(cancellation);
        if (_services.Catalog.FindStored("", "configmaps") is not null)
            complete &= await EnsureTokenTrackingAsync(cancellation);
        return complete;
    }

    /// <summary>The range that the server was started with, as an object for all to see, and ready.</summary>
    private async Task<bool> EnsureServiceRangeAsync(CancellationToken cancellation)
    {
        const string path = "/apis/networking.k8s.io/v1/servicecidrs";
        if (await _services.FindAsync<Objects.Networking.V1.ServiceCIDR>("networking.k8s.io", "servicecidrs", "", "kubernetes", cancellation) is { } there)
            return await AddSecondRangeAsync(path, there, cancellation);
        var second = _options.SecondaryServiceClusterIPRange is { } range ? $",\"{range}\"" : "";
        var spec = $$$"""
            "apiVersion":"networking.k8s.io/v1","kind":"ServiceCIDR","metadata":{"name":"kubernetes"},
            "spec":{"cidrs":["{{{_options.ServiceClusterIPRange}}}"{{{second}}}]}
            """;
        if (!await CreateAsync(path, "{" + spec + "}", cancellation))
            return false;
        var now = KubernetesTime.Format(_services.Time.GetUtcNow());
        return await SendAsync(HttpMethod.Put, path + "/kubernetes/status", $$$"""
            { {{{spec}}},"status":{"conditions":[{"type":"Ready","status":"True","lastTransitionTime":"{{{now}}}","reason":"",
            "message":"Kubernetes default Service CIDR is ready"}]}}
            """, cancellation) == HttpStatusCode.OK;
    }

    /// <summary>A cluster that had one family and is started with two has two from now on; any other difference is left to people, as upstream.</summary>
    private async Task<bool> AddSecondRangeAsync(string path, Objects.Networking.V1.ServiceCIDR there, CancellationToken cancellation)
    {
        if (_options.SecondaryServiceClusterIPRange is not { } second || there.Spec.CIDRs is not [var only]
            || only != _options.ServiceClusterIPRange.ToString())
            return true;
        var both = $$$"""{"spec":{"cidrs":["{{{only}}}","{{{second}}}"]}}""";
        return await SendAsync(HttpMethod.Patch, path + "/kubernetes", both, cancellation) == HttpStatusCode.OK;
    }

    private async Task<bool> EnsureServiceAsync(CancellationToken cancellation)
    {
        const string labels = "\"labels\":{\"component\":\"apiserver\",\"provider\":\"kubernetes\"}";
        var first = new ServiceAddresses(_options.ServiceClusterIPRange, _options.FirstNodePort, _options.LastNodePort, _options.Random).First;
        var complete = await EnsureAsync(new("", "services"), "default", "/api/v1/namespaces/default/services", "kubernetes", $$$"""
            {"apiVersion":"v1","kind":"Service","metadata":{"name":"kubernetes","namespace":"default",{{{labels}}}},"spec":{"type":"ClusterIP",
            "clusterIP":"{{{first}}}","sessionAffinity":"None","ports":[{"name":"https","port":443,"protocol":"TCP","targetPort":{{{_port}}}}]}}
            """, cancellation);
        var address = _options.AdvertiseAddress;
        if (IPAddress.IsLoopback(address))
            return complete; // endpoints may not be loopback addresses; nobody but this machine could reach them
        IReadOnlyList<string> servers = _others is null ? [address.ToString()] : await _others.RenewAsync(cancellation);
        var addresses = string.Join(',', servers.Select(server => $$"""{"ip":"{{server}}"}"""));
        var endpoints = string.Join(',', servers.Select(server => $$$"""{"addresses":["{{{server}}}"],"conditions":{"ready":true}}"""));
        var slices = _services.Catalog.FindStored("discovery.k8s.io", "endpointslices") is not null;
        if (_services.Catalog.FindStored("", "endpoints") is not null)
            complete &= await ReplaceAsync("/api/v1/namespaces/default/endpoints", "kubernetes", $$$"""
                {"apiVersion":"v1","kind":"Endpoints","metadata":{"name":"kubernetes","namespace":"default",
                "labels":{"endpointslice.kubernetes.io/skip-mirror":"true"}},
                "subsets":[{"addresses":[{{{addresses}}}],"ports":[{"name":"https","port":{{{_port}}},"protocol":"TCP"}]}]}
                """, cancellation);
        if (slices)
            complete &= await ReplaceAsync("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices", "kubernetes", $$$"""
                {"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","metadata":{"name":"kubernetes","namespace":"default",
                "labels":{"kubernetes.io/service-name":"kubernetes"}},
                "addressType":"{{{(address.GetAddressBytes().Length == 4 ? "IPv4" : "IPv6")}}}",
                "endpoints":[{{{endpoints}}}],
                "ports":[{"name":"https","port":{{{_port}}},"protocol":"TCP"}]}
                """, cancellation);
        return complete;
    }

    /// <summary>Says since which day the use of tokens in secrets is noted; a day that cannot be is put right, which only makes the cleaner wait.</summary>
    private async Task<bool> EnsureTokenTrackingAsync(CancellationToken cancellation)
    {
        const string name = "kube-apiserver-legacy-service-account-token-tracking";
        var today = DateOnly.FromDateTime(_services.Time.GetUtcNow().UtcDateTime);
        var map = await _services.FindAsync<Objects.Core.V1.ConfigMap>("", "configmaps", "kube-system", name, cancellation);
        if (SecretTokens.DayOf(map?.Data.OrEmpty().GetValueOrDefault("since")) <= today)
            return true;
        const string path = "/api/v1/namespaces/kube-system/configmaps";
        var json = $$$"""
            {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{{{name}}}","namespace":"kube-system"},
            "data":{"since":"{{{SecretTokens.TextOf(today)}}}"}}
            """;
        return map is null ? await CreateAsync(path, json, cancellation) : await ReplaceAsync(path, name, json, cancellation);
    }

    /// <summary>Creates what is not there. Looking first matters: a second service of the same address would be refused for the address.</summary>
    private async Task<bool> EnsureAsync(QualifiedResource resource, string ns, string path, string name, string json, CancellationToken cancellation)
    {
        if (_services.Catalog.FindStored(resource.Group, resource.Resource) is { } kind
            && await _services.FindAsync(kind, ns, name, cancellation) is not null)
            return true;
        return await CreateAsync(path, json, cancellation);
    }

    private async Task<bool> CreateAsync(string path, string json, CancellationToken cancellation)
    {
        var status = await SendAsync(HttpMethod.Post, path, json, cancellation);
        return status is HttpStatusCode.Created or HttpStatusCode.Conflict;
    }

    private async Task<bool> ReplaceAsync(string path, string name, string json, CancellationToken cancellation)
    {
        var status = await SendAsync(HttpMethod.Put, $"{path}/{name}", json, cancellation);
        return status == HttpStatusCode.NotFound ? await CreateAsync(path, json, cancellation) : status is HttpStatusCode.OK or HttpStatusCode.Created;
    }

    private async Task<HttpStatusCode> SendAsync(HttpMethod method, string path, string? json, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(method, new Uri("https://in-process" + path))
        {
            Content = json is null ? null
                : new StringContent(json, Encoding.UTF8, method == HttpMethod.Patch ? "application/merge-patch+json" : "application/json"),
        };
        request.Headers.TryAddWithoutValidation("User-Agent", "kube-apiserver");
        using var response = await _client.SendAsync(request, cancellation);
        if (response.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.Created or HttpStatusCode.Conflict or HttpStatusCode.NotFound))
            _services.Logger.LogWarning("{Method} {Path}: {Answer}", method, path, await response.Content.ReadAsStringAsync(cancellation));
        return response.StatusCode;
    }
}
