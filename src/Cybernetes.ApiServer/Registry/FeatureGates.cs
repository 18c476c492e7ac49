using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;

namespace Cybernetes.ApiServer.Registry;

/// <summary>One feature gate as upstream's release has it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Stage">Alpha, Beta, GA or Deprecated.</param>
/// <param name="Default">Whether it is on when nobody says anything.</param>
/// <param name="IsLocked">Whether the default is all there is.</param>
/// <param name="Needs">Gates without which it cannot be on.</param>
public sealed record FeatureGate(string Name, string Stage, bool Default, bool IsLocked, IReadOnlyList<string> Needs);

/// <summary>Which features are on (<c>--feature-gates</c>). Immutable. Source: component-base's featuregate, Kubernetes 1.36's gates.</summary>
public sealed class FeatureGates
{
    private const string AllAlpha = "AllAlpha";
    private const string AllBeta = "AllBeta";

    private static readonly IReadOnlyList<FeatureGate> s_known =
        [.. FeatureGateTable.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(ReadLine)];

    private static readonly FrozenDictionary<string, FeatureGate> s_byName = s_known.ToFrozenDictionary(g => g.Name, StringComparer.Ordinal);

    private readonly FrozenDictionary<string, bool> _set;

    private FeatureGates(Dictionary<string, bool> set) => _set = set.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Upstream's defaults.</summary>
    public static FeatureGates Default { get; } = new([]);

    /// <summary>Every gate with its state.</summary>
    public IEnumerable<(FeatureGate Gate, bool IsEnabled)> All => s_known.Select(g => (g, IsEnabled(g.Name)));

    /// <summary>Whether a feature is on.</summary>
    /// <exception cref="ArgumentException">There is no such gate: a mistake in the code that asks.</exception>
    public bool IsEnabled(string name)
    {
        if (!s_byName.TryGetValue(name, out var gate))
            throw new ArgumentException($"unrecognized feature gate: {name}", nameof(name));
        return _set.TryGetValue(name, out var set) ? set : gate.Default;
    }

    /// <summary>The names of those that are on.</summary>
    public IReadOnlySet<string> EnabledNames() => All.Where(g => g.IsEnabled).Select(g => g.Gate.Name).ToHashSet(StringComparer.Ordinal);

    /// <summary>Reads <c>Name=true,Other=false</c>; <c>AllAlpha</c> and <c>AllBeta</c> set what is not named. Nothing is all defaults.</summary>
    /// <returns>False with upstream's words in <paramref name="error"/> when a gate is unknown, locked or lacks what it needs.</returns>
    public static bool TryParse(string text, [NotNullWhen(true)] out FeatureGates? gates, out string error)
    {
        gates = null;
        var set = new Dictionary<string, bool>(StringComparer.Ordinal);
        foreach (var pair in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            error = ReadPair(pair, set);
            if (error.Length > 0)
                return false;
        }
        foreach (var (all, stage) in new[] { (AllAlpha, "Alpha"), (AllBeta, "Beta") })
        {
            if (!set.TryGetValue(all, out var on))
                continue;
            foreach (var gate in s_known.Where(g => g.Stage == stage && g.Name is not (AllAlpha or AllBeta)))
                set.TryAdd(gate.Name, on);
        }
        var made = new FeatureGates(set);
        error = made.WhatIsLacking();
        if (error.Length > 0)
            return false;
        gates = made;
        return true;
    }

    private static string ReadPair(string pair, Dictionary<string, bool> set)
    {
        var equals = pair.IndexOf('=');
        if (equals < 0)
            return $"missing bool value for {pair}";
        var (name, word) = (pair[..equals].Trim(), pair[(equals + 1)..].Trim());
        if (GoBoolean.Parse(word) is not { } value)
            return $"invalid value of {name}={word}, err: {GoBoolean.Error(word)}";
        if (!s_byName.TryGetValue(name, out var gate))
            return $"unrecognized feature gate: {name}";
        if (gate.IsLocked && gate.Default != value)
            return $"cannot set feature gate {name} to {Go(value)}, feature is locked to {Go(gate.Default)}";
        set[name] = value;
        return "";
    }

    /// <summary>A gate that is on needs its dependencies on.</summary>
    private string WhatIsLacking()
    {
        foreach (var (gate, _) in All.Where(g => g.IsEnabled && g.Gate.Needs.Count > 0))
        {
            var off = gate.Needs.Where(n => !IsEnabled(n)).ToList();
            if (off.Count > 0)
                return $"{gate.Name} is enabled, but depends on features that are disabled: [{string.Join(' ', off)}]";
        }
        return "";
    }

    private static FeatureGate ReadLine(string line)
    {
        var words = line.Split(' ');
        var needs = Array.IndexOf(words, "needs");
        return new(words[0], words[1], words[2] == "on", words.Contains("locked"), needs < 0 ? [] : words[needs + 1].Split(','));
    }

    private static string Go(bool value) => value ? "true" : "false";
}
