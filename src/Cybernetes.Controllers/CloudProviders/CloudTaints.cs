using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.CloudProviders;

/// <summary>The taints by which nodes tell how they stand with their provider (upstream's names).</summary>
internal static class CloudTaints
{
    /// <summary>The kubelet sets it where <c>--cloud-provider=external</c>; the provider's controller takes it off when the node is described.</summary>
    public const string Uninitialized = "node.cloudprovider.kubernetes.io/uninitialized";

    public const string ShutDown = "node.cloudprovider.kubernetes.io/shutdown";

    public static bool Has(Node node, string key) => node.Spec.Taints.OrEmpty().Any(t => t.Key == key);

    /// <summary>The taints without those of a key.</summary>
    public static List<Taint>? Without(Node node, string key)
    {
        var rest = node.Spec.Taints.OrEmpty().Where(t => t.Key != key).ToList();
        return rest.Count == 0 ? null : rest;
    }
}
