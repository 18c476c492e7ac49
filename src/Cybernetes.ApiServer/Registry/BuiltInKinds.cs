using Cybernetes.ApiServer.Registry.Coordination;
using Cybernetes.ApiServer.Registry.Core;
using Cybernetes.ApiServer.Registry.Core.Pods;

namespace Cybernetes.ApiServer.Registry;

/// <summary>The visible list of the kinds this server is built with. A new kind is one file and one line here.</summary>
internal static class BuiltInKinds
{
    public static IReadOnlyList<KindDefinition> All() =>
    [
        new ConfigMapKind(),
        new NamespaceKind(),
        new NodeKind(),
        new PodKind(),
        new SecretKind(),
        new ServiceAccountKind(),
        new LeaseKind(),
    ];
}
