using System.Text;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Node.Pods;

/// <summary>What else than the spec decides a container's variables.</summary>
internal sealed record EnvironmentFacts(
    IReadOnlyList<string> Addresses, IReadOnlyList<string> HostAddresses, IReadOnlyDictionary<string, Quantity> Allocatable,
    IReadOnlyDictionary<string, string> ServiceVariables);

/// <summary>
/// The variables of a container, in the order they are given to the runtime: envFrom, then env (which may use what came before
/// and the
/// service variables), then the service variables not named otherwise.
/// </summary>
internal sealed class ContainerEnvironment(IPodObjects objects)
{
    /// <exception cref="PodConfigException">A reference that is not optional points nowhere.</exception>
    public async Task<List<KeyValuePair<string, string>>> MakeAsync(
        Pod pod, Container container, EnvironmentFacts facts, CancellationToken cancellation)
    {
        var sources = new Sources(objects, pod.Metadata.Namespace);
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        var order = new List<string>();
        foreach (var source in container.EnvFrom.OrEmpty())
        {
            foreach (var (key, value) in await sources.AllOfAsync(source, cancellation).ConfigureAwait(false))
                Set(source.Prefix + key, value);
        }

        foreach (var variable in container.Env.OrEmpty())
        {
            string? value;
            if (variable.ValueFrom is { } from)
                value = await sources.ValueOfAsync(pod, container, from, facts, cancellation).ConfigureAwait(false);
            else
                value = VariableExpansion.Expand(variable.Value, Lookup);
            if (value is not null)
                Set(variable.Name, value);
        }

        foreach (var (name, value) in facts.ServiceVariables)
        {
            if (!values.ContainsKey(name))
                Set(name, value);
        }

        return [.. order.Select(name => KeyValuePair.Create(name, values[name]))];

        string? Lookup(string name) =>
            values.TryGetValue(name, out var known) ? known : facts.ServiceVariables.GetValueOrDefault(name);

        void Set(string name, string value)
        {
            if (!values.ContainsKey(name))
                order.Add(name);
            values[name] = value;
        }
    }

    /// <summary>Each object is read once a container.</summary>
    private sealed class Sources(IPodObjects objects, string podNamespace)
    {
        private readonly Dictionary<string, ConfigMap?> _configMaps = new(StringComparer.Ordinal);
        private readonly Dictionary<string, Secret?> _secrets = new(StringComparer.Ordinal);

        public async Task<IEnumerable<KeyValuePair<string,
            string>>> AllOfAsync(EnvFromSource source, CancellationToken cancellation)
        {
            if (source.ConfigMapRef is { } mapRef)
            {
                var map = await ConfigMapAsync(mapRef.Name, cancellation).ConfigureAwait(false);
                if (map is null && mapRef.Optional != true)
                    throw new PodConfigException($"configmap \"{mapRef.Name}\" not found");
                return Sorted(map?.Data.OrEmpty());
            }

            if (source.SecretRef is not { } secretRef)
                return [];
            var secret = await SecretAsync(secretRef.Name, cancellation).ConfigureAwait(false);
            if (secret is null && secretRef.Optional != true)
                throw new PodConfigException($"secret \"{secretRef.Name}\" not found");
            return Sorted(secret?.Data.OrEmpty().ToDictionary(entry => entry.Key, entry => Encoding.UTF8.GetString(entry.Value)));
        }

        /// <summary>Null for an optional reference that points nowhere: the variable is left out.</summary>
        public async Task<string?> ValueOfAsync(
            Pod pod, Container container, EnvVarSource from, EnvironmentFacts facts, CancellationToken cancellation)
        {
            if (from.FieldRef is { } field)
                return DownwardFields.Field(pod, field.FieldPath, facts.Addresses, facts.HostAddresses);
            if (from.ResourceFieldRef is { } resource)
                return DownwardFields.Resource(pod, container, resource, facts.Allocatable);
            if (from.ConfigMapKeyRef is { } mapKey)
                return await ValueOfAsync(mapKey, cancellation).ConfigureAwait(false);
            if (from.SecretKeyRef is { } secretKey)
                return await ValueOfAsync(secretKey, cancellation).ConfigureAwait(false);
            throw new PodConfigException("environment variables from files (fileKeyRef) are not supported by this node agent");
        }

        private async Task<string?> ValueOfAsync(ConfigMapKeySelector reference, CancellationToken cancellation)
        {
            var map = await ConfigMapAsync(reference.Name, cancellation).ConfigureAwait(false);
            if (map?.Data?.TryGetValue(reference.Key, out var value) == true)
                return value;
            if (reference.Optional == true)
                return null;
            throw new PodConfigException(map is null
                ? $"configmap \"{reference.Name}\" not found"
                : $"couldn't find key {reference.Key} in ConfigMap {podNamespace}/{reference.Name}");
        }

        private async Task<string?> ValueOfAsync(SecretKeySelector reference, CancellationToken cancellation)
        {
            var secret = await SecretAsync(reference.Name, cancellation).ConfigureAwait(false);
            if (secret?.Data?.TryGetValue(reference.Key, out var value) == true)
                return Encoding.UTF8.GetString(value);
            if (reference.Optional == true)
                return null;
            throw new PodConfigException(secret is null
                ? $"secret \"{reference.Name}\" not found"
                : $"couldn't find key {reference.Key} in Secret {podNamespace}/{reference.Name}");
        }

        private async Task<ConfigMap?> ConfigMapAsync(string name, CancellationToken cancellation)
        {
            if (!_configMaps.TryGetValue(name, out var map))
                _configMaps[name] = map = await objects.ConfigMapAsync(podNamespace, name, cancellation).ConfigureAwait(false);
            return map;
        }

        private async Task<Secret?> SecretAsync(string name, CancellationToken cancellation)
        {
            if (!_secrets.TryGetValue(name, out var secret))
                _secrets[name] = secret = await objects.SecretAsync(podNamespace, name, cancellation).ConfigureAwait(false);
            return secret;
        }

        private static IEnumerable<KeyValuePair<string, string>> Sorted(IReadOnlyDictionary<string, string>? data) =>
            (data ?? new Dictionary<string, string>()).OrderBy(entry => entry.Key, StringComparer.Ordinal);
    }
}
