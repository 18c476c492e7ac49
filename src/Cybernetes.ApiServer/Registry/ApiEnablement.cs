using System.Diagnostics.CodeAnalysis;

namespace Cybernetes.ApiServer.Registry;

/// <summary>The server cannot be started with this choice of API versions; the message says why.</summary>
public sealed class ApiEnablementException(string message) : Exception(message);

/// <summary>
/// Which versions and resources are served (<c>--runtime-config</c>): stable ones are, alpha and beta ones are not, except older versions
/// that upstream has removed, which are served for the manifests that still name them. Immutable. Source: kube-apiserver's resourceconfig.
/// </summary>
public sealed class ApiEnablement
{
    private static readonly string[] s_collective = ["api/all", "api/ga", "api/beta", "api/alpha"];
    private readonly IReadOnlyDictionary<string, bool> _overrides;

    private ApiEnablement(IReadOnlyDictionary<string, bool> overrides) => _overrides = overrides;

    /// <summary>Nothing is changed.</summary>
    public static ApiEnablement Default { get; } = new(new Dictionary<string, bool>());

    /// <summary>
    /// Reads <c>key=true,key=false,key</c> (a key alone is on). Keys, the later in this list beating the earlier: <c>api/all</c>;
    /// <c>api/ga</c>, <c>api/beta</c>, <c>api/alpha</c>; <c>group/version</c> (the core group's is <c>api/v1</c> or <c>v1</c>);
    /// <c>group/version/resource</c>.
    /// </summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out ApiEnablement? enablement, out string error)
    {
        enablement = null;
        error = "";
        var overrides = new Dictionary<string, bool>(StringComparer.Ordinal);
        foreach (var pair in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var equals = pair.IndexOf('=');
            var (key, word) = equals < 0 ? (pair, "") : (pair[..equals].Trim(), pair[(equals + 1)..].Trim());
            if ((word.Length == 0 ? true : GoBoolean.Parse(word)) is not { } value)
            {
                error = $"invalid value of {key}: {word}, err: {GoBoolean.Error(word)}";
                return false;
            }
            overrides[key == "api/v1" ? "v1" : key] = value;
        }
        if (overrides.Count == 1 && overrides.TryGetValue("api/all", out var all) && !all)
        {
            error = "invalid key with only api/all=false";
            return false;
        }
        enablement = new(overrides);
        return true;
    }

    /// <summary>The catalog of what is served of some kinds. A kind without a version that is on is left out.</summary>
    /// <exception cref="ApiEnablementException">A key names nothing that there is.</exception>
    public KindCatalog CatalogOf(IReadOnlyList<KindDefinition> kinds, FeatureGates gates)
    {
        CheckKeys([.. kinds.SelectMany(k => k.Served.Select(v => new ServedKind(k, v)))]);
        return new(kinds, (kind, version) => (kind.FeatureGate is not { } gate || gates.IsEnabled(gate)) && IsEnabled(kind, version));
    }

    private bool IsEnabled(KindDefinition kind, ServedVersion version)
    {
        if (_overrides.TryGetValue($"{version.APIVersion}/{kind.Plural}", out var resource))
            return resource;
        if (_overrides.TryGetValue(version.APIVersion, out var whole))
            return whole;
        var stage = StageOf(version.Version);
        if (_overrides.TryGetValue("api/" + stage, out var ofStage))
            return ofStage;
        return _overrides.TryGetValue("api/all", out var all) ? all : stage == "ga" || version.IsOlder;
    }

    private void CheckKeys(IReadOnlyList<ServedKind> all)
    {
        foreach (var key in _overrides.Keys.Except(s_collective))
        {
            var parts = key.Split('/');
            var depth = key == "v1" || key.StartsWith("v1/", StringComparison.Ordinal) ? 1 : 2;
            if (parts.Length < depth || !all.Any(s => s.Version.Group == (depth == 1 ? "" : parts[0])))
                throw new ApiEnablementException($"unknown api groups {parts[0]}");
            var name = string.Join('/', parts.Take(depth));
            if (!all.Any(s => s.Version.APIVersion == name))
                throw new ApiEnablementException($"group version {name} that has not been registered");
            if (parts.Length > depth && !all.Any(s => s.Version.APIVersion == name && s.Kind.Plural == parts[depth]))
                throw new ApiEnablementException($"resource {key} that has not been registered");
        }
    }

    private static string StageOf(string version) =>
        version.Contains("alpha", StringComparison.Ordinal) ? "alpha" : version.Contains("beta", StringComparison.Ordinal) ? "beta" : "ga";
}
