using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Pods;

/// <summary>What a status of a pod may say, and what may not follow what.</summary>
internal static class PodStatusValidation
{
    private static readonly FieldPath StatusPath = FieldPath.Of("status");

    public static void Validate(Pod pod, Pod old, FieldErrorList errors)
    {
        PodAnnotationsValidation.ValidateUpdate(
            pod.Metadata.Annotations, old.Metadata.Annotations, FieldPath.Of("metadata", "annotations"), errors);
        PodAnnotationsValidation.Validate(pod.Metadata.Annotations, pod.Spec, FieldPath.Of("metadata", "annotations"), errors);
        Conditions(pod.Status.Conditions, errors);
        if (pod.Spec.NodeName != old.Spec.NodeName)
            errors.Forbidden(StatusPath.Child("nodeName"), "may not be changed directly");
        var nominated = pod.Status.NominatedNodeName;
        if (nominated.Length > 0 && nominated != old.Status.NominatedNodeName)
            FieldChecks.Subdomain(nominated, StatusPath, "nominatedNodeName", errors);
        FieldChecks.Immutable(pod.Status.QOSClass, old.Status.QOSClass, StatusPath.Child("qosClass"), errors);
        Transitions(pod, old, errors);
        PodIps(pod.Status, errors);
        HostIps(pod.Status, errors);
        Users(pod, errors);
        if (pod.Status.ObservedGeneration < 0)
            errors.Invalid(StatusPath.Child("observedGeneration"), pod.Status.ObservedGeneration, FieldRules.NotNegative);
    }

    // Upstream's path says metadata and a capital Type.
    private static void Conditions(List<PodCondition>? conditions, FieldErrorList errors)
    {
        for (var i = 0; i < (conditions?.Count ?? 0); i++)
        {
            var type = conditions![i].Type;
            if (type is not ("PodScheduled" or "Ready" or "Initialized"))
                errors.InvalidChildOf(FieldPath.Of("metadata", "conditions"), i, "Type", type, Names.QualifiedName(type));
        }
    }

    private static void Transitions(Pod pod, Pod old, FieldErrorList errors)
    {
        var policy = old.Spec.RestartPolicy;
        Ended(pod.Status.ContainerStatuses, old.Status.ContainerStatuses, "containerStatuses", name => Policy(old.Spec.Containers, name, policy), errors);
        Ended(
            pod.Status.InitContainerStatuses, old.Status.InitContainerStatuses, "initContainerStatuses",
            name => Policy(old.Spec.InitContainers, name, policy), errors);
        // Ephemeral containers never start again.
        Ended(pod.Status.EphemeralContainerStatuses, old.Status.EphemeralContainerStatuses, "ephemeralContainerStatuses", _ => "Never", errors);
    }

    // A container with rules of its own may start again whatever the pod says.
    private static string Policy(List<Container>? containers, string name, string podPolicy)
    {
        var container = containers.OrEmpty().FirstOrDefault(c => c.Name == name);
        return container?.RestartPolicyRules is { Count: > 0 } ? "Always" : container?.RestartPolicy ?? podPolicy;
    }

    private static void Ended(
        List<ContainerStatus>? statuses, List<ContainerStatus>? old, string field, Func<string, string> policyOf, FieldErrorList errors)
    {
        for (var i = 0; i < (old?.Count ?? 0); i++)
        {
            var before = old![i];
            if (before.State.Terminated is not { } terminated)
                continue;
            var policy = policyOf(before.Name);
            if (policy == "Always" || (policy == "OnFailure" && terminated.ExitCode != 0))
                continue;
            foreach (var now in statuses.OrEmpty())
            {
                if (now.Name == before.Name && now.State.Terminated is null)
                    errors.Forbidden(StatusPath.Child(field).Index(i).Child("state"), "may not be transitioned to non-terminated state");
            }
        }
    }

    private static void PodIps(PodStatus status, FieldErrorList errors)
    {
        var path = StatusPath.Child("podIPs");
        var addresses = status.PodIPs.OrEmpty();
        for (var i = 0; i < addresses.Count; i++)
            IpRules.LegacyIp(addresses[i].IP, path.Index(i), errors);
        if (addresses.Count > 1)
            DualStack([.. addresses.Select(a => a.IP)], path, errors);
    }

    private static void HostIps(PodStatus status, FieldErrorList errors)
    {
        if (status.HostIPs is not { Count: > 0 } addresses)
            return;
        var path = StatusPath.Child("hostIPs");
        if (status.HostIP != addresses[0].IP)
            errors.Invalid(path.Index(0).Child("ip"), addresses[0].IP, "must be equal to `hostIP`");
        for (var i = 0; i < addresses.Count; i++)
            IpRules.LegacyIp(addresses[i].IP, path.Index(i), errors);
        if (addresses.Count > 1)
            DualStack([.. addresses.Select(a => a.IP)], path, errors);
    }

    private static void DualStack(List<string> addresses, FieldPath path, FieldErrorList errors)
    {
        var six = addresses.Count(a => a.Contains(':'));
        if (addresses.Count > 2 || six != 1)
            errors.Invalid(path, AsJson(addresses), "may specify no more than one IP for each IP family");
        for (var i = 0; i < addresses.Count; i++)
        {
            if (addresses.IndexOf(addresses[i]) < i)
                errors.Duplicate(path.Index(i), AsJson(addresses[i]));
        }
    }

    private static FieldChecks.JsonValue AsJson(List<string> addresses) => FieldChecks.JsonValue.Of(writer =>
    {
        writer.WriteStartArray();
        foreach (var address in addresses)
        {
            writer.WriteStartObject();
            writer.WriteString("IP", address);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    });

    private static FieldChecks.JsonValue AsJson(string address) => FieldChecks.JsonValue.Of(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("IP", address);
        writer.WriteEndObject();
    });

    private static void Users(Pod pod, FieldErrorList errors)
    {
        Users(pod.Status.ContainerStatuses, "containerStatuses", pod.Spec.OS, errors);
        Users(pod.Status.InitContainerStatuses, "initContainerStatuses", pod.Spec.OS, errors);
        Users(pod.Status.EphemeralContainerStatuses, "ephemeralContainerStatuses", pod.Spec.OS, errors);
    }

    private static void Users(List<ContainerStatus>? statuses, string field, PodOS? system, FieldErrorList errors)
    {
        for (var i = 0; i < (statuses?.Count ?? 0); i++)
        {
            if (statuses![i].User?.Linux is not { } user)
                continue;
            var path = StatusPath.Child(field).Index(i).Child("linux");
            if (system?.Name == "windows")
            {
                errors.Forbidden(path, "cannot be set for a windows pod");
                continue;
            }
            errors.InvalidChild(path, "uid", user.UID, Names.UserId(user.UID));
            errors.InvalidChild(path, "gid", user.GID, Names.GroupId(user.GID));
            for (var g = 0; g < (user.SupplementalGroups?.Count ?? 0); g++)
                errors.AddInvalid(path.Child("supplementalGroups").Index(g), user.SupplementalGroups![g], Names.GroupId(user.SupplementalGroups[g]));
        }
    }
}
