using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Resource.V1;
using ResourceClaim = Cybernetes.Objects.Resource.V1.ResourceClaim;

namespace Cybernetes.Scheduler.Plugins.DynamicResources;

/// <summary>What a pod's extended resources mean as requests for devices, and which of its containers uses which.</summary>
internal sealed record ExtendedRequests(List<DeviceRequest> Requests, List<ContainerExtendedResourceRequest> Mappings);

/// <summary>Extended resources that device classes stand for (KEP-5004): the claim that is made for a pod which asks for them. Pure.</summary>
internal static class ExtendedResourceClaims
{
    /// <summary>The name of a claim that does not exist yet; no claim can have it.</summary>
    public const string UnmadeName = "<extended-resources>";

    public const string Annotation = "resource.kubernetes.io/extended-resource-claim";

    /// <summary>The claim as it is to be created, without requests.</summary>
    /// <param name="pod">Its owner.</param>
    /// <param name="uid">Tells the claim apart until it is created.</param>
    public static ResourceClaim Make(Pod pod, string uid) => new()
    {
        Metadata =
        {
            Namespace = pod.Metadata.Namespace, Name = UnmadeName, UID = uid, GenerateName = pod.Metadata.Name + "-extended-resources-",
            Annotations = new() { [Annotation] = "true" },
            OwnerReferences = [new() { APIVersion = "v1", Kind = "Pod", Name = pod.Metadata.Name, UID = pod.Metadata.UID, Controller = true }],
        },
    };

    /// <summary>The requests of the containers for the given resources.</summary>
    /// <param name="pod">The pod.</param>
    /// <param name="resources">Those that the node has by devices only.</param>
    /// <param name="classOf">The device class that stands for a resource.</param>
    public static ExtendedRequests RequestsOf(Pod pod, IEnumerable<string> resources, Func<string, DeviceClass?> classOf)
    {
        var all = new ExtendedRequests([], []);
        List<Container> containers = [.. pod.Spec.InitContainers.OrEmpty(), .. pod.Spec.Containers.OrEmpty()];
        var initial = pod.Spec.InitContainers.OrEmpty().Count;
        foreach (var resource in resources.Order(StringComparer.Ordinal))
        {
            if (classOf(resource) is { } found)
                Add(all, containers, initial, resource, found.Metadata.Name);
        }
        all.Requests.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
        return all;
    }

    /// <summary>
    /// Containers that last have devices of their own; an init container that ends uses those of the containers after it, and only what it needs beyond
    /// them is asked for, once for all such containers.
    /// </summary>
    private static void Add(ExtendedRequests all, List<Container> containers, int initial, string resource, string className)
    {
        var lasting = new DeviceRequest?[containers.Count];
        List<ContainerExtendedResourceRequest> briefMappings = [];
        for (var i = 0; i < containers.Count; i++)
        {
            if (!IsBrief(containers[i], i, initial))
                lasting[i] = Request(containers[i], i, resource, className, [], all.Mappings);
        }
        DeviceRequest? largest = null;
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < initial; i++)
        {
            if (!IsBrief(containers[i], i, initial))
                continue;
            var request = Request(containers[i], i, resource, className, lasting[i..], briefMappings);
            if (request is null)
                continue;
            names.Add(request.Name);
            if (largest is null || largest.Exactly!.Count < request.Exactly!.Count)
                largest = request;
        }
        foreach (var mapping in briefMappings.Where(m => names.Contains(m.RequestName)))
            mapping.RequestName = largest!.Name;
        all.Mappings.AddRange(briefMappings);
        if (largest is not null)
            all.Requests.Add(largest);
        all.Requests.AddRange(lasting.OfType<DeviceRequest>());
    }

    private static bool IsBrief(Container container, int index, int initial) => index < initial && container.RestartPolicy != "Always";

    private static DeviceRequest? Request(
        Container container, int index, string resource, string className, IReadOnlyList<DeviceRequest?> reusable,
        List<ContainerExtendedResourceRequest> mappings)
    {
        var requests = container.Resources.Requests.OrEmpty();
        if (!requests.TryGetValue(resource, out var quantity) || !quantity.IsWhole || quantity.Value() <= 0)
            return null;
        var (wanted, had) = (quantity.Value(), 0L);
        void Use(string request) => mappings.Add(new() { ContainerName = container.Name, ResourceName = resource, RequestName = request });
        foreach (var other in reusable.OfType<DeviceRequest>())
        {
            had += other.Exactly!.Count;
            Use(other.Name);
            if (had >= wanted)
                return null;
        }
        var number = requests.Keys.Order(StringComparer.Ordinal).ToList().IndexOf(resource);
        var made = new DeviceRequest
        {
            Name = $"container-{index}-request-{number}",
            Exactly = new() { DeviceClassName = className, AllocationMode = "ExactCount", Count = wanted - had },
        };
        Use(made.Name);
        return made;
    }
}
