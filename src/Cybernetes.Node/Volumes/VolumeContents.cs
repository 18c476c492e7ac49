using System.Text;
using Cybernetes.Node.Pods;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Node.Volumes;

/// <summary>The files of volumes made from the API's objects: configMap, secret, downwardAPI, projected.</summary>
internal sealed class VolumeContents(IPodObjects objects, ServiceTokens tokens, NodeSelf node)
{
    /// <summary>Unless the volume says else: 0644.</summary>
    private const int DefaultMode = 0x1A4;

    /// <summary>Upstream's mode for tokens of pods without fsGroup and with one user.</summary>
    private const int OwnerOnlyMode = 0x180;

    /// <exception cref="PodConfigException">What it is made from is not there.</exception>
    public async Task<Dictionary<string, VolumeFile>> MakeAsync(Pod pod, Volume volume, CancellationToken cancellation)
    {
        var files = new Dictionary<string, VolumeFile>(StringComparer.Ordinal);
        if (volume.ConfigMap is { } map)
        {
            await AddConfigMapAsync(
                files, pod, map.Name, map.Items, map.Optional, map.DefaultMode ?? DefaultMode, cancellation)
                    .ConfigureAwait(false);
        }
        else if (volume.Secret is { } secret)
        {
            await AddSecretAsync(
                files, pod, secret.SecretName, secret.Items, secret.Optional, secret.DefaultMode ?? DefaultMode, cancellation)
                .ConfigureAwait(false);
        }
        else if (volume.DownwardAPI is { } downward)
            AddDownward(files, pod, downward.Items, downward.DefaultMode ?? DefaultMode);
        else if (volume.Projected is { } projected)
            await AddProjectedAsync(files, pod, projected, cancellation).ConfigureAwait(false);
        return files;
    }

    private async Task AddProjectedAsync(
        Dictionary<string, VolumeFile> files, Pod pod, ProjectedVolumeSource projected, CancellationToken cancellation)
    {
        var mode = projected.DefaultMode ?? DefaultMode;
        foreach (var source in projected.Sources.OrEmpty())
        {
            if (source.ConfigMap is { } map)
                await AddConfigMapAsync(files, pod, map.Name, map.Items, map.Optional, mode, cancellation).ConfigureAwait(false);
            else if (source.Secret is { } secret)
                await AddSecretAsync(files, pod, secret.Name, secret.Items, secret.Optional, mode, cancellation)
                    .ConfigureAwait(false);
            else if (source.DownwardAPI is { } downward)
                AddDownward(files, pod, downward.Items, mode);
            else if (source.ServiceAccountToken is { } wanted)
                await AddTokenAsync(files, pod, wanted, mode, cancellation).ConfigureAwait(false);
            else
                throw new PodConfigException("projected volume sources clusterTrustBundle and podCertificate "
                    + "are not supported by this node agent");
        }
    }

    private async Task AddConfigMapAsync(
        Dictionary<string, VolumeFile> files, Pod pod, string name, List<KeyToPath>? items, bool? optional, int mode,
        CancellationToken cancellation)
    {
        var map = await objects.ConfigMapAsync(pod.Metadata.Namespace, name, cancellation).ConfigureAwait(false);
        if (map is null && optional != true)
            throw new PodConfigException($"configmap \"{name}\" not found");
        var data = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var (key, value) in (map?.Data).OrEmpty())
            data[key] = Encoding.UTF8.GetBytes(value);
        foreach (var (key, value) in (map?.BinaryData).OrEmpty())
            data[key] = value;
        Add(files, data, items, optional, mode, "configmap");
    }

    private async Task AddSecretAsync(
        Dictionary<string, VolumeFile> files, Pod pod, string name, List<KeyToPath>? items, bool? optional, int mode,
        CancellationToken cancellation)
    {
        var secret = await objects.SecretAsync(pod.Metadata.Namespace, name, cancellation).ConfigureAwait(false);
        if (secret is null && optional != true)
            throw new PodConfigException($"secret \"{name}\" not found");
        Add(files, (secret?.Data).OrEmpty(), items, optional, mode, "secret");
    }

    private static void Add(
        Dictionary<string, VolumeFile> files, IReadOnlyDictionary<string, byte[]> data, List<KeyToPath>? items, bool? optional,
        int mode,
        string kind)
    {
        if (items.OrEmpty().Count == 0)
        {
            foreach (var (key, value) in data)
                files[key] = new VolumeFile(value, mode);
            return;
        }

        foreach (var item in items!)
        {
            if (data.TryGetValue(item.Key, out var value))
                files[item.Path] = new VolumeFile(value, item.Mode ?? mode);
            else if (optional != true)
                throw new PodConfigException($"{kind} references non-existent {kind} key: {item.Key}");
        }
    }

    private void AddDownward(Dictionary<string, VolumeFile> files, Pod pod, List<DownwardAPIVolumeFile>? items, int mode)
    {
        foreach (var item in items.OrEmpty())
        {
            var text = item.FieldRef is { } field
                ? DownwardFields.Field(pod, field.FieldPath, [], node.Addresses)
                : DownwardFields.Resource(pod, null, item.ResourceFieldRef ?? new ResourceFieldSelector(), node.Allocatable);
            files[item.Path] = new VolumeFile(Encoding.UTF8.GetBytes(text), item.Mode ?? mode);
        }
    }

    private async Task AddTokenAsync(
        Dictionary<string, VolumeFile> files, Pod pod, ServiceAccountTokenProjection wanted, int mode,
        CancellationToken cancellation)
    {
        var token = await tokens.GetAsync(pod, wanted, cancellation).ConfigureAwait(false);
        var user = OnlyUser(pod);
        var hasGroup = pod.Spec.SecurityContext?.FSGroup is not null;

        // Only the pod's one user reads it, or its group; with several users and no group everybody has to.
        files[wanted.Path] = hasGroup || user is not null
            ? new VolumeFile(Encoding.UTF8.GetBytes(token), OwnerOnlyMode, hasGroup ? null : user)
            : new VolumeFile(Encoding.UTF8.GetBytes(token), mode);
    }

    /// <summary>The user all containers run as; null when they differ or the image decides.</summary>
    private static long? OnlyUser(Pod pod)
    {
        long? user = null;
        foreach (var container in pod.Spec.Containers.OrEmpty().Concat(pod.Spec.InitContainers.OrEmpty()))
        {
            var own = container.SecurityContext?.RunAsUser ?? pod.Spec.SecurityContext?.RunAsUser;
            if (own is null || (user is not null && user != own))
                return null;
            user = own;
        }

        return user;
    }
}
