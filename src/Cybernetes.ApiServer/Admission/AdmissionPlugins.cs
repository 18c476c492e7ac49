using Cybernetes.ApiServer.Registry;

namespace Cybernetes.ApiServer.Admission;

/// <summary>The visible list of the admission plugins, in their order.</summary>
internal static class AdmissionPlugins
{
    public static IReadOnlyList<IAdmissionPlugin> BuiltIn(RegistryServices services) =>
    [
        new NamespaceLifecycle(services),
        new PodPresetAdmission(services),
        new ServiceAccountAdmission(services),
        new PriorityAdmission(services),
        new DefaultTolerationSeconds(),
    ];
}
