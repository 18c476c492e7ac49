using System.Buffers;
using System.Collections.Concurrent;
using System.Text.Json;
using Cybernetes.Node.Agent;
using Cybernetes.Objects;
using Cybernetes.Objects.Authentication.V1;
using Cybernetes.Objects.Coordination.V1;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Wire;
using NodeObject = Cybernetes.Objects.Core.V1.Node;

namespace Cybernetes.Node.Tests.Pods;

/// <summary>An API server of a few dictionaries: patches are applied as the real one does, changes are told at once.</summary>
internal sealed class FakeNodeApi : INodeApi
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(string, string), Pod> _pods = [];
    private long _version = 100;

    public ConcurrentDictionary<string, ConfigMap> ConfigMaps { get; } = new();

    public ConcurrentDictionary<string, Secret> Secrets { get; } = new();

    public NodeObject? Node { get; set; }

    public Lease? Lease { get; set; }

    public ConcurrentQueue<string> Patches { get; } = new();

    public Action<Pod> PodChanged { get; set; } = _ => { };

    public Action<Pod> PodRemoved { get; set; } = _ => { };

    /// <summary>Every phase and state the pod went through, in order.</summary>
    public ConcurrentQueue<PodStatus> History { get; } = new();

    public Pod? Pod(string name)
    {
        lock (_gate)
            return _pods.GetValueOrDefault(("default", name));
    }

    public void Put(Pod pod)
    {
        lock (_gate)
        {
            pod.Metadata.ResourceVersion = (++_version).ToString(System.Globalization.CultureInfo.InvariantCulture);
            _pods[(pod.Metadata.Namespace, pod.Metadata.Name)] = pod.DeepClone();
        }

        PodChanged(pod.DeepClone());
    }

    /// <summary>As kubectl delete does it.</summary>
    public void Delete(string name, DateTimeOffset now, long? grace = null)
    {
        var pod = Pod(name)!.DeepClone();
        pod.Metadata.DeletionTimestamp = now;
        pod.Metadata.DeletionGracePeriodSeconds = grace ?? pod.Spec.TerminationGracePeriodSeconds;
        Put(pod);
    }

    public Task<ConfigMap?> GetConfigMapAsync(string podNamespace, string name, CancellationToken cancellation) =>
        Task.FromResult(ConfigMaps.GetValueOrDefault(name));

    public ConcurrentDictionary<string, PersistentVolumeClaim> PersistentVolumeClaims { get; } = new();

    public ConcurrentDictionary<string, PersistentVolume> PersistentVolumes { get; } = new();

    public Task<PersistentVolumeClaim?> GetPersistentVolumeClaimAsync(string podNamespace, string name, CancellationToken cancellation) =>
        Task.FromResult(PersistentVolumeClaims.GetValueOrDefault(name));

    public Task<PersistentVolume?> GetPersistentVolumeAsync(string name, CancellationToken cancellation) =>
        Task.FromResult(PersistentVolumes.GetValueOrDefault(name));

    public Task<Secret?> GetSecretAsync(string podNamespace, string name, CancellationToken cancellation) =>
        Task.FromResult(Secrets.GetValueOrDefault(name));

    public Task<TokenRequest> CreateTokenAsync(
        string podNamespace, string serviceAccount, TokenRequest request, CancellationToken cancellation)
    {
        request.Status.Token = $"token-of-{serviceAccount}-{Interlocked.Increment(ref _version)}";
        return Task.FromResult(request);
    }

    public Task<Pod?> GetPodAsync(string podNamespace, string name, CancellationToken cancellation) => Task.FromResult(Pod(name));

    public Task<Pod?> PatchPodStatusAsync(
        string podNamespace, string name, ReadOnlyMemory<byte> patch, CancellationToken cancellation)
    {
        Pod changed;
        lock (_gate)
        {
            if (!_pods.TryGetValue((podNamespace, name), out var pod))
                return Task.FromResult<Pod?>(null);
            var merged = StrategicMergePatch.Apply(Tree(pod), patch.Span, PatchSchema.OfKind("", "v1", "Pod")!);
            changed = Read<Pod>(merged.ToUtf8());
            if (changed.Metadata.UID != pod.Metadata.UID)
                return Task.FromResult<Pod?>(null);
            changed.Metadata.ResourceVersion = (++_version).ToString(System.Globalization.CultureInfo.InvariantCulture);
            _pods[(podNamespace, name)] = changed;
            Patches.Enqueue(System.Text.Encoding.UTF8.GetString(patch.Span));
            History.Enqueue(changed.Status);
        }

        PodChanged(changed.DeepClone());
        return Task.FromResult<Pod?>(changed.DeepClone());
    }

    public Task RemovePodAsync(string podNamespace, string name, string uid, CancellationToken cancellation)
    {
        Pod? removed;
        lock (_gate)
            _pods.Remove((podNamespace, name), out removed);
        if (removed is not null)
            PodRemoved(removed);
        return Task.CompletedTask;
    }

    public Task<NodeObject?> GetNodeAsync(string name, CancellationToken cancellation) => Task.FromResult(Node);

    public Task<NodeObject> CreateNodeAsync(NodeObject node, CancellationToken cancellation) => Task.FromResult(Node = node);

    public Task<NodeObject> UpdateNodeAsync(NodeObject node, CancellationToken cancellation) => Task.FromResult(Node = node);

    public Task<NodeObject> PatchNodeStatusAsync(string name, ReadOnlyMemory<byte> patch, CancellationToken cancellation)
    {
        Patches.Enqueue(System.Text.Encoding.UTF8.GetString(patch.Span));
        var merged = StrategicMergePatch.Apply(Tree(Node!), patch.Span, PatchSchema.OfKind("", "v1", "Node")!);
        return Task.FromResult(Node = Read<NodeObject>(merged.ToUtf8()));
    }

    public Task<Lease?> GetNodeLeaseAsync(string name, CancellationToken cancellation) => Task.FromResult(Lease);

    public Task<Lease> CreateNodeLeaseAsync(Lease lease, CancellationToken cancellation) => Task.FromResult(Lease = lease);

    public Task<Lease> UpdateNodeLeaseAsync(Lease lease, CancellationToken cancellation) => Task.FromResult(Lease = lease);

    private static JsonMap Tree<T>(T value)
        where T : class, IWireObject<T>
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, JsonLimits.WriterOptions))
            value.WriteJson(writer);
        return JsonTree.ParseMap(buffer.WrittenSpan);
    }

    private static T Read<T>(byte[] json)
        where T : class, IWireObject<T>
    {
        var reader = new Utf8JsonReader(json, JsonLimits.ReaderOptions);
        var context = new DecodeContext(collectStrict: false);
        context.Reset(json);
        reader.Read();
        return T.ReadJson(ref reader, context);
    }
}
