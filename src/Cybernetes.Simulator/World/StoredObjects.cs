using System.Text.Json;
using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Batch.V1;
using Cybernetes.Objects.Coordination.V1;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Discovery.V1;
using Cybernetes.Objects.Policy.V1;

namespace Cybernetes.Simulator.World;

/// <summary>Reads what the store holds: the kinds that invariants look at as such, of all others the metadata.</summary>
internal static class StoredObjects
{
    private delegate IKubernetesObject Reading(ref Utf8JsonReader reader, DecodeContext context);

    private static readonly Dictionary<(string Version, string Kind), Reading> s_known = new()
    {
        [("v1", "Pod")] = As<Pod>,
        [("v1", "Node")] = As<NodeObject>,
        [("v1", "Namespace")] = As<Namespace>,
        [("v1", "Service")] = As<Service>,
        [("v1", "ServiceAccount")] = As<ServiceAccount>,
        [("v1", "Endpoints")] = As<Endpoints>,
        [("v1", "PersistentVolume")] = As<PersistentVolume>,
        [("v1", "PersistentVolumeClaim")] = As<PersistentVolumeClaim>,
        [("v1", "ResourceQuota")] = As<ResourceQuota>,
        [("apps/v1", "Deployment")] = As<Deployment>,
        [("apps/v1", "ReplicaSet")] = As<ReplicaSet>,
        [("apps/v1", "StatefulSet")] = As<StatefulSet>,
        [("apps/v1", "DaemonSet")] = As<DaemonSet>,
        [("batch/v1", "Job")] = As<Job>,
        [("batch/v1", "CronJob")] = As<CronJob>,
        [("policy/v1", "PodDisruptionBudget")] = As<PodDisruptionBudget>,
        [("discovery.k8s.io/v1", "EndpointSlice")] = As<EndpointSlice>,
        [("coordination.k8s.io/v1", "Lease")] = As<Lease>,
    };

    public static IKubernetesObject Read(ReadOnlyMemory<byte> json)
    {
        if (!s_known.TryGetValue(TypeOf(json.Span), out var reading))
            reading = As<PodTemplate>; // of all kinds the one with the fewest fields: the metadata is what is wanted
        var reader = new Utf8JsonReader(json.Span, JsonLimits.ReaderOptions);
        var context = new DecodeContext(collectStrict: false);
        context.Reset(json);
        reader.Read();
        return reading(ref reader, context);
    }

    private static IKubernetesObject As<T>(ref Utf8JsonReader reader, DecodeContext context)
        where T : class, IKubernetesObject, IWireObject<T> => T.ReadJson(ref reader, context);

    private static (string Version, string Kind) TypeOf(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, JsonLimits.ReaderOptions);
        var (version, kind) = ("", "");
        reader.Read();
        while ((version.Length == 0 || kind.Length == 0) && reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isVersion = reader.ValueTextEquals("apiVersion"u8);
            var isKind = reader.ValueTextEquals("kind"u8);
            reader.Read();
            if (isVersion)
                version = reader.GetString()!;
            else if (isKind)
                kind = reader.GetString()!;
            else
                reader.Skip();
        }
        return (version, kind);
    }
}
