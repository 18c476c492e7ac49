using System.Diagnostics.CodeAnalysis;
using Cybernetes.ApiServer.Registry;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Settings.V1alpha1;
using Microsoft.Extensions.Logging;

namespace Cybernetes.ApiServer.Admission;

/// <summary>
/// Puts what the namespace's presets say into new pods that they select: variables, sources of variables, volumes and mounts, into every
/// container. When anything contradicts, nothing of any preset is put in, and the log tells. Source: Kubernetes 1.19 concepts, "Pod Presets".
/// </summary>
internal sealed class PodPresetAdmission(RegistryServices services) : IAdmissionPlugin
{
    private const string MirrorAnnotation = "kubernetes.io/config.mirror";
    private const string Prefix = "podpreset.admission.kubernetes.io/";

    public string Name => "PodPreset";

    public bool Handles(AdmissionAttributes attributes) =>
        attributes is { Operation: AdmissionOperation.Create, IsMainResource: true, Object: Pod };

    public async ValueTask MutateAsync(AdmissionAttributes attributes, CancellationToken cancellation)
    {
        var pod = (Pod)attributes.Object!;
        var annotations = pod.Metadata.Annotations.OrEmpty();
        if (annotations.ContainsKey(MirrorAnnotation) || annotations.GetValueOrDefault(Prefix + "exclude") == "true")
            return;
        var presets = await SelectAsync(pod, attributes.Context.Namespace, cancellation);
        if (presets.Count == 0)
            return;
        var merged = pod.Spec.DeepClone();
        if (!TryMerge(merged, presets, out var conflict))
        {
            services.Logger.LogWarning(
                "conflict occurred while applying podpresets: {Presets} on pod: {Pod} err: {Conflict}",
                string.Join(",", presets.Select(p => p.Metadata.Name)), pod.Metadata.Name + pod.Metadata.GenerateName, conflict);
            return;
        }
        pod.Spec = merged;
        pod.Metadata.Annotations ??= [];
        foreach (var preset in presets)
            pod.Metadata.Annotations[$"{Prefix}podpreset-{preset.Metadata.Name}"] = preset.Metadata.ResourceVersion;
    }

    private async ValueTask<List<PodPreset>> SelectAsync(Pod pod, string ns, CancellationToken cancellation)
    {
        if (services.Catalog.FindStored("settings.k8s.io", "podpresets") is not { } kind)
            return [];
        var result = await services.Store.RangeAsync(new(RegistryServices.RangeOf(kind, ns)), cancellation);
        if (!result.TryGet(out var range, out var error))
            throw StoredJson.FailureOf(error);
        return
        [
            .. range.Records.Select(r => (PodPreset)kind.DecodeStored(r.Value))
                .Where(p => LabelMatcher.TryFor(p.Spec.Selector, out var matcher) is null && matcher.Matches(pod.Metadata.Labels)),
        ];
    }

    private static bool TryMerge(PodSpec spec, List<PodPreset> presets, [NotNullWhen(false)] out string? conflict)
    {
        conflict = null;
        foreach (var preset in presets)
        {
            var name = preset.Metadata.Name;
            spec.Volumes = Merge(spec.Volumes, preset.Spec.Volumes, v => v.Name, "volumes", name, ref conflict);
            foreach (var container in spec.InitContainers.OrEmpty().Concat(spec.Containers.OrEmpty()))
            {
                container.Env = Merge(container.Env, preset.Spec.Env, e => e.Name, "env", name, ref conflict);
                if (preset.Spec.EnvFrom is { } sources)
                    container.EnvFrom = [.. container.EnvFrom.OrEmpty(), .. sources.Select(s => s.DeepClone())];
                MountsContradict(container.VolumeMounts, preset.Spec.VolumeMounts, name, ref conflict);
                container.VolumeMounts = Merge(container.VolumeMounts, preset.Spec.VolumeMounts, m => m.Name, "volume mounts", name, ref conflict);
            }
        }
        return conflict is null;
    }

    /// <summary>What is there and what is added; the same twice counts once, another of the same name is a conflict.</summary>
    private static List<T>? Merge<T>(List<T>? there, List<T>? added, Func<T, string> key, string what, string preset, ref string? conflict)
        where T : class, IWireObject<T>
    {
        if (added is null)
            return there;
        var merged = there.OrEmpty().ToList();
        foreach (var item in added)
        {
            var same = merged.Find(m => key(m) == key(item));
            if (same is null)
                merged.Add(item.DeepClone());
            else if (!same.SemanticEquals(item))
                conflict ??= $"merging {what} for {preset} has a conflict on {key(item)}";
        }
        return merged;
    }

    private static void MountsContradict(List<VolumeMount>? there, List<VolumeMount>? added, string preset, ref string? conflict)
    {
        foreach (var mount in added.OrEmpty())
        {
            if (there.OrEmpty().Any(t => t.MountPath == mount.MountPath && !t.SemanticEquals(mount)))
                conflict ??= $"merging volume mounts for {preset} has a conflict on mount path {mount.MountPath}";
        }
    }
}
