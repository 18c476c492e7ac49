using System.Globalization;
using System.Text.Json;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Pods;

/// <summary>Annotations of pods that mean something: mirror pods, the cost of deletion, and the profiles of old seccomp and AppArmor.</summary>
internal static class PodAnnotationsValidation
{
    public const string Mirror = "kubernetes.io/config.mirror";

    private const string Tolerations = "scheduler.alpha.kubernetes.io/tolerations";
    private const string DeletionCost = "controller.kubernetes.io/pod-deletion-cost";
    private const string SeccompPod = "seccomp.security.alpha.kubernetes.io/pod";
    private const string SeccompContainer = "container.seccomp.security.alpha.kubernetes.io/";
    private const string AppArmorContainer = "container.apparmor.security.beta.kubernetes.io/";

    public static void Validate(Dictionary<string, string>? annotations, PodSpec spec, FieldPath path, FieldErrorList errors)
    {
        if (annotations is not { Count: > 0 })
            return;
        if (annotations.TryGetValue(Mirror, out var mirror) && spec.NodeName.Length == 0)
            errors.Invalid(path.Key(Mirror), mirror, "must set spec.nodeName if mirror pod annotation is set");
        if (annotations.TryGetValue(Tolerations, out var tolerations) && tolerations.Length > 0)
            OldTolerations(tolerations, path, errors);
        if (annotations.TryGetValue(DeletionCost, out var cost) && !IsCost(cost))
            errors.Invalid(path.Key(DeletionCost), cost, "must be a 32bit integer");
        foreach (var (key, value) in annotations)
        {
            if (key == SeccompPod || key.StartsWith(SeccompContainer, StringComparison.Ordinal))
                Seccomp(value, path.Child(key), errors);
            else if (key.StartsWith(AppArmorContainer, StringComparison.Ordinal))
                AppArmor(key, value, spec, path, errors);
        }
    }

    public static void ValidateUpdate(Dictionary<string, string>? annotations, Dictionary<string, string>? old, FieldPath path, FieldErrorList errors)
    {
        foreach (var (key, before) in old.OrEmpty())
        {
            if (annotations?.TryGetValue(key, out var now) == true && now == before)
                continue;
            if (key.StartsWith(AppArmorContainer, StringComparison.Ordinal))
                errors.Forbidden(path.Key(key), "may not remove or update AppArmor annotations");
            if (key == Mirror)
                errors.Forbidden(path.Key(key), "may not remove or update mirror pod annotation");
        }
        foreach (var key in annotations.OrEmpty().Keys)
        {
            if (old?.ContainsKey(key) == true)
                continue;
            if (key.StartsWith(AppArmorContainer, StringComparison.Ordinal))
                errors.Forbidden(path.Key(key), "may not add AppArmor annotations");
            if (key == Mirror)
                errors.Forbidden(path.Key(key), "may not add mirror pod annotation");
        }
    }

    /// <summary>On create: what annotations and fields both say must agree.</summary>
    public static void MatchFields(Dictionary<string, string>? annotations, PodSpec spec, FieldPath path, FieldErrorList errors)
    {
        if (annotations is not { Count: > 0 })
            return;
        if (spec.SecurityContext?.SeccompProfile is { } pod && annotations.TryGetValue(SeccompPod, out var podValue))
            SeccompMatches(podValue, pod, path.Child("securityContext").Child("seccompProfile"), errors);
        foreach (var (container, at) in PodCheck.Containers(spec, path))
        {
            var context = at.Child("securityContext");
            if (container.Security?.SeccompProfile is { } own && annotations.TryGetValue(SeccompContainer + container.Name, out var value))
                SeccompMatches(value, own, context.Child("seccompProfile"), errors);
            var armor = container.Security?.AppArmorProfile ?? spec.SecurityContext?.AppArmorProfile;
            if (armor is not null && spec.OS?.Name != "windows"
                && annotations.TryGetValue(AppArmorContainer + container.Name, out var armorValue))
                AppArmorMatches(armorValue, armor, context.Child("appArmorProfile"), errors);
        }
    }

    private static void OldTolerations(string json, FieldPath path, FieldErrorList errors)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            if (document.RootElement.ValueKind != JsonValueKind.Array)
                errors.Invalid(path, Tolerations, "json: cannot unmarshal into Go value of type []v1.Toleration");
        }
        catch (JsonException)
        {
            errors.Invalid(path, Tolerations, "invalid character in annotation value");
        }
    }

    // A plus sign or leading zeros would let two texts mean the same cost.
    private static bool IsCost(string cost)
    {
        if (!int.TryParse(cost, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _))
            return false;
        if (cost[0] == '+')
            return false;
        var digits = cost.AsSpan(cost[0] == '-' ? 1 : 0);
        return digits is "0" || digits[0] != '0';
    }

    /// <summary>A seccomp profile as annotations name it.</summary>
    public static void Seccomp(string profile, FieldPath path, FieldErrorList errors)
    {
        if (profile is "runtime/default" or "docker/default" or "unconfined")
            return;
        if (profile.StartsWith("localhost/", StringComparison.Ordinal))
            PathChecks.LocalDescending(profile["localhost/".Length..], path, errors);
        else
            errors.Invalid(path, profile, "must be a valid seccomp profile");
    }

    private static void AppArmor(string key, string profile, PodSpec spec, FieldPath path, FieldErrorList errors)
    {
        var container = key[AppArmorContainer.Length..];
        if (!PodCheck.Containers(spec, path).Any(c => c.Container.Name == container))
            errors.Invalid(path.Key(key), container, "container not found");
        AppArmorProfileName(profile, profile, path.Key(key), errors);
    }

    /// <summary>An AppArmor profile as annotations name it; <paramref name="whole"/> is what the error shows.</summary>
    public static void AppArmorProfileName(string profile, string whole, FieldPath path, FieldErrorList errors)
    {
        if (profile is not ("" or "runtime/default" or "unconfined") && !profile.StartsWith("localhost/", StringComparison.Ordinal))
            errors.Invalid(path, whole, $"invalid AppArmor profile name: {GoText.Quote(profile)}");
    }

    private static void SeccompMatches(string annotation, SeccompProfile profile, FieldPath path, FieldErrorList errors)
    {
        var same = profile.Type switch
        {
            "Unconfined" => annotation == "unconfined",
            "RuntimeDefault" => annotation is "runtime/default" or "docker/default",
            "Localhost" => annotation.StartsWith("localhost/", StringComparison.Ordinal),
            _ => true,
        };
        if (!same)
            errors.Forbidden(path.Child("type"), "seccomp type in annotation and field must match");
        else if (profile.Type == "Localhost" && annotation["localhost/".Length..] != profile.LocalhostProfile)
            errors.Forbidden(path.Child("localhostProfile"), "seccomp profile in annotation and field must match");
    }

    private static void AppArmorMatches(string annotation, AppArmorProfile profile, FieldPath path, FieldErrorList errors)
    {
        var same = profile.Type switch
        {
            "Unconfined" => annotation == "unconfined",
            "RuntimeDefault" => annotation == "runtime/default",
            "Localhost" => annotation.StartsWith("localhost/", StringComparison.Ordinal),
            _ => true,
        };
        if (!same)
            errors.Forbidden(path.Child("type"), "apparmor type in annotation and field must match");
        else if (profile.Type == "Localhost" && annotation["localhost/".Length..] != profile.LocalhostProfile)
            errors.Forbidden(path.Child("localhostProfile"), "apparmor profile in annotation and field must match");
    }
}
