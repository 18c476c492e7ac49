using Cybernetes.ApiServer.Admission.Policies;
using Cybernetes.ApiServer.Admission.Quota;
using Cybernetes.ApiServer.Registry;

namespace Cybernetes.ApiServer.Admission;

/// <summary>The visible list of the admission plugins, in their order.</summary>
internal static class AdmissionPlugins
{
    /// <summary>Those that run.</summary>
    public static IReadOnlyList<IAdmissionPlugin> Of(AdmissionSelection selection, RegistryServices services) =>
        [.. BuiltIn(services).Where(p => selection.Includes(p.Name))];

    private static IReadOnlyList<IAdmissionPlugin> BuiltIn(RegistryServices services) =>
    [
        new NamespaceLifecycle(services),
        new PodPresetAdmission(services),
        new LimitRanger(services),
        new ServiceAccountAdmission(services),
        new TaintNodesByCondition(),
        new PriorityAdmission(services),
        new DefaultTolerationSeconds(),
        new DefaultStorageClass(services),
        new StorageObjectInUseProtection(),
        new PodGroupProtection(services),
        new ClaimResize(services),
        new RuntimeClassAdmission(services),
        new DefaultIngressClass(services),
        new ValidatingPolicyAdmission(services),
        new ResourceQuotaAdmission(services),
    ];
}
