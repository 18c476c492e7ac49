using System.Diagnostics.CodeAnalysis;

namespace Cybernetes.ApiServer.Admission;

/// <summary>
/// Which admission plugins run: upstream's default set, with what <c>--enable-admission-plugins</c> and <c>--disable-admission-plugins</c> say.
/// Immutable.
/// </summary>
public sealed class AdmissionSelection
{
    /// <summary>Upstream's plugins in upstream's order; those marked are on by default.</summary>
    private static readonly (string Name, bool IsDefault)[] s_known =
    [
        ("AlwaysAdmit", false), ("NamespaceAutoProvision", false), ("NamespaceLifecycle", true), ("NamespaceExists", false),
        ("LimitPodHardAntiAffinityTopology", false), ("LimitRanger", true), ("ServiceAccount", true), ("NodeRestriction", false),
        ("TaintNodesByCondition", true), ("AlwaysPullImages", false), ("ImagePolicyWebhook", false), ("PodSecurity", true),
        ("PodNodeSelector", false), ("Priority", true), ("DefaultTolerationSeconds", true), ("PodTolerationRestriction", false),
        ("EventRateLimit", false), ("ExtendedResourceToleration", false), ("DefaultStorageClass", true), ("StorageObjectInUseProtection", true),
        ("PodGroupProtection", true),
        ("OwnerReferencesPermissionEnforcement", false), ("PersistentVolumeClaimResize", true), ("RuntimeClass", true),
        ("CertificateApproval", true), ("CertificateSigning", true), ("ClusterTrustBundleAttest", true), ("CertificateSubjectRestriction", true),
        ("DefaultIngressClass", true), ("DenyServiceExternalIPs", false), ("PodTopologyLabels", true), ("NodeDeclaredFeatureValidator", true),
        ("MutatingAdmissionPolicy", true), ("MutatingAdmissionWebhook", true), ("ValidatingAdmissionPolicy", true),
        ("ValidatingAdmissionWebhook", true), ("ResourceQuota", true), ("AlwaysDeny", false),
        // Removed upstream; here for manifests of old. Pod presets do nothing where there are none, so they are on.
        ("PodPreset", true), ("PodSecurityPolicy", false),
    ];

    /// <summary>Those that <see cref="AdmissionPlugins"/> lists; enabling another is an error, for nothing would be guarded by it.</summary>
    private static readonly string[] s_built =
    [
        "NamespaceLifecycle", "PodPreset", "LimitRanger", "ServiceAccount", "TaintNodesByCondition", "Priority", "DefaultTolerationSeconds",
        "DefaultStorageClass", "StorageObjectInUseProtection", "PodGroupProtection", "PersistentVolumeClaimResize", "RuntimeClass", "DefaultIngressClass",
        "ValidatingAdmissionPolicy", "ResourceQuota",
    ];

    private readonly IReadOnlyList<string> _enabled;
    private readonly IReadOnlyList<string> _disabled;

    private AdmissionSelection(IReadOnlyList<string> enabled, IReadOnlyList<string> disabled)
    {
        _enabled = enabled;
        _disabled = disabled;
    }

    /// <summary>Upstream's default set.</summary>
    public static AdmissionSelection Default { get; } = new([], []);

    /// <summary>Whether a plugin runs.</summary>
    public bool Includes(string name) =>
        _enabled.Contains(name) || (!_disabled.Contains(name) && Array.Exists(s_known, k => k.Name == name && k.IsDefault));

    /// <summary>Reads the values of both flags.</summary>
    /// <returns>False with the reason in <paramref name="error"/>: a name that upstream does not know, or one in both lists.</returns>
    public static bool TryCreate(
        IReadOnlyList<string> enabled, IReadOnlyList<string> disabled, [NotNullWhen(true)] out AdmissionSelection? selection, out string error)
    {
        selection = null;
        error = Unknown("enable-admission-plugins", enabled) ?? Unknown("disable-admission-plugins", disabled) ?? "";
        if (error.Length == 0 && enabled.FirstOrDefault(n => !s_built.Contains(n)) is { } missing)
            error = $"enable-admission-plugins plugin \"{missing}\" is not part of this server yet";
        var both = enabled.Intersect(disabled, StringComparer.Ordinal).ToList();
        if (error.Length == 0 && both.Count > 0)
            error = $"[{string.Join(' ', both)}] in enable-admission-plugins and disable-admission-plugins overlapped";
        if (error.Length > 0)
            return false;
        selection = new(enabled, disabled);
        return true;
    }

    private static string? Unknown(string flag, IReadOnlyList<string> names) =>
        names.FirstOrDefault(n => !Array.Exists(s_known, k => k.Name == n)) is { } name ? $"{flag} plugin \"{name}\" is unknown" : null;
}
