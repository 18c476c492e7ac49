using System.Globalization;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Pods;

/// <summary>The three lists of containers: what each allows, and names and ports across them.</summary>
internal static class ContainerListValidation
{
    public static void Validate(PodCheck check, FieldPath path)
    {
        Regular(check, path.Child("containers"));
        if (check.Spec.InitContainers is { Count: > 0 })
            Init(check, path.Child("initContainers"));
        if (check.Spec.EphemeralContainers is { Count: > 0 })
            Ephemeral(check, path.Child("ephemeralContainers"));
    }

    /// <summary>What pods refuse and templates tolerate.</summary>
    public static void OnlyForPods(List<Container>? containers, FieldPath path, FieldErrorList errors)
    {
        for (var i = 0; i < (containers?.Count ?? 0); i++)
            Image(containers![i].Image, path, i, errors);
    }

    private static void Regular(PodCheck check, FieldPath path)
    {
        var containers = check.Spec.Containers;
        if (containers is not { Count: > 0 })
        {
            check.Errors.Required(path);
            return;
        }
        for (var i = 0; i < containers.Count; i++)
        {
            var container = containers[i];
            var at = path.Index(i);
            ContainerValidation.Validate(container, at, check);
            if (IndexOf(containers, container.Name) < i)
                check.Errors.Duplicate(at.Child("name"), container.Name);
            ProbeValidation.OfContainer(container, at, check);
            ContainerRestartValidation.Validate(container, at, check.Errors);
        }
        HostPortConflicts(containers, path, check.Errors);
    }

    private static void Init(PodCheck check, FieldPath path)
    {
        var containers = check.Spec.InitContainers!;
        for (var i = 0; i < containers.Count; i++)
        {
            var container = containers[i];
            var at = path.Index(i);
            ContainerValidation.Validate(container, at, check);
            ContainerRestartValidation.Validate(container, at, check.Errors);
            if (container.Name.Length > 0 && (IndexOf(containers, container.Name) < i || IndexOf(check.Spec.Containers, container.Name) >= 0))
                check.Errors.Duplicate(at.Child("name"), container.Name);
            // One runs after the other, so they may use the same ports.
            HostPortConflicts([container], path, check.Errors);
            if (container.RestartPolicy == "Always")
                ProbeValidation.OfContainer(container, at, check);
            else
                NoProbes(container, at, check.Errors);
        }
    }

    private static void NoProbes(Container container, FieldPath path, FieldErrorList errors)
    {
        const string Why = "may not be set for init containers without restartPolicy=Always";
        if (container.Lifecycle is not null)
            errors.Forbidden(path.Child("lifecycle"), Why);
        if (container.LivenessProbe is not null)
            errors.Forbidden(path.Child("livenessProbe"), Why);
        if (container.ReadinessProbe is not null)
            errors.Forbidden(path.Child("readinessProbe"), Why);
        if (container.StartupProbe is not null)
            errors.Forbidden(path.Child("startupProbe"), Why);
    }

    private static void Ephemeral(PodCheck check, FieldPath path)
    {
        var containers = check.Spec.EphemeralContainers!;
        for (var i = 0; i < containers.Count; i++)
        {
            var container = containers[i];
            var at = path.Index(i);
            ContainerValidation.Validate(AsContainer(container), at, check);
            Image(container.Image, path, i, check.Errors);
            var name = container.Name;
            var other = IndexOf(check.Spec.Containers, name) >= 0 || IndexOf(check.Spec.InitContainers, name) >= 0;
            if (other || containers.FindIndex(c => c.Name == name) < i)
                check.Errors.Duplicate(at.Child("name"), name);
            var target = container.TargetContainerName;
            if (target.Length > 0 && IndexOf(check.Spec.Containers, target) < 0 && IndexOf(check.Spec.InitContainers, target) < 0)
                check.Errors.NotFound(at.Child("targetContainerName"), target);
            EphemeralFields(container, at, check.Errors);
        }
    }

    private static void EphemeralFields(EphemeralContainer container, FieldPath path, FieldErrorList errors)
    {
        Not(container.Ports, "ports");
        Not(container.Resources.Limits ?? container.Resources.Requests ?? (object?)container.Resources.Claims, "resources");
        Not(container.ResizePolicy, "resizePolicy");
        Not(container.RestartPolicy, "restartPolicy");
        Not(container.RestartPolicyRules, "restartPolicyRules");
        Not(container.LivenessProbe, "livenessProbe");
        Not(container.ReadinessProbe, "readinessProbe");
        Not(container.StartupProbe, "startupProbe");
        Not(container.Lifecycle, "lifecycle");
        for (var i = 0; i < (container.VolumeMounts?.Count ?? 0); i++)
        {
            if (container.VolumeMounts![i].SubPath.Length > 0)
                errors.Forbidden(path.Child("volumeMounts").Index(i).Child("subPath"), Ephemerally);
            if (container.VolumeMounts[i].SubPathExpr.Length > 0)
                errors.Forbidden(path.Child("volumeMounts").Index(i).Child("subPathExpr"), Ephemerally);
        }

        void Not(object? value, string field)
        {
            if (value is not null)
                errors.Forbidden(path.Child(field), Ephemerally);
        }
    }

    private const string Ephemerally = "cannot be set for an Ephemeral Container";

    // Only what is checked of containers in general.
    private static Container AsContainer(EphemeralContainer container) => new()
    {
        Name = container.Name,
        Image = container.Image,
        TerminationMessagePolicy = container.TerminationMessagePolicy,
        ImagePullPolicy = container.ImagePullPolicy,
        Ports = container.Ports,
        Env = container.Env,
        EnvFrom = container.EnvFrom,
        VolumeMounts = container.VolumeMounts,
        VolumeDevices = container.VolumeDevices,
        Resources = container.Resources,
        ResizePolicy = container.ResizePolicy,
        SecurityContext = container.SecurityContext,
    };

    private static void Image(string image, FieldPath path, int index, FieldErrorList errors)
    {
        if (image.Length > 0 && (char.IsWhiteSpace(image[0]) || char.IsWhiteSpace(image[^1])))
            errors.Invalid(path.Index(index).Child("image"), image, "must not have leading or trailing whitespace");
    }

    private static int IndexOf(List<Container>? containers, string name)
    {
        for (var i = 0; i < (containers?.Count ?? 0); i++)
        {
            if (containers![i].Name == name)
                return i;
        }
        return -1;
    }

    private static void HostPortConflicts(List<Container> containers, FieldPath path, FieldErrorList errors)
    {
        HashSet<string>? taken = null;
        for (var i = 0; i < containers.Count; i++)
        {
            var ports = containers[i].Ports;
            for (var j = 0; j < (ports?.Count ?? 0); j++)
            {
                var port = ports![j];
                if (port.HostPort == 0)
                    continue;
                var text = string.Create(CultureInfo.InvariantCulture, $"{port.Protocol}/{port.HostIP}/{port.HostPort}");
                if (!(taken ??= new(StringComparer.Ordinal)).Add(text))
                    errors.Duplicate(path.Index(i).Child("ports").Index(j).Child("hostPort"), text);
            }
        }
    }
}
