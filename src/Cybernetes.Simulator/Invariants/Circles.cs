using Cybernetes.Objects;
using Cybernetes.Simulator.World;

namespace Cybernetes.Simulator.Invariants;

/// <summary>
/// Sees parts that undo each other's writes for ever: far more is written in one moment, or in one minute, than a cluster of this size has to
/// write. A circle whose calls take no time never lets the clock go on, so that the clockwork asks for it.
/// </summary>
internal sealed class Circles(TimeProvider time)
{
    /// <summary>Writes of one moment. The busiest of a healthy life have some hundreds.</summary>
    public const int MostInAMoment = 5_000;

    /// <summary>Writes of one minute of virtual time.</summary>
    public const int MostInAMinute = 20_000;

    private const int Told = 5;
    private readonly Dictionary<string, int> _written = new(StringComparer.Ordinal);
    private DateTimeOffset _moment;
    private DateTimeOffset _minute;
    private int _inMoment;
    private int _inMinute;

    /// <summary>What runs in circles; null as long as nothing does.</summary>
    public string? Found { get; private set; }

    public void See(Change change)
    {
        var now = time.GetUtcNow();
        if (now - _minute >= TimeSpan.FromMinutes(1))
        {
            (_minute, _inMinute) = (now, 0);
            _written.Clear();
        }
        if (now != _moment)
            (_moment, _inMoment) = (now, 0);
        var what = $"{FamilyOf(change.Object)} {(change.IsNew ? "made" : change.New is null ? "gone" : "changed")}";
        _written[what] = _written.GetValueOrDefault(what) + 1;
        _inMoment++;
        _inMinute++;
        if (_inMoment > MostInAMoment || _inMinute > MostInAMinute)
            Found ??= $"something runs in circles: {(_inMoment > MostInAMoment ? $"{_inMoment} writes in one moment" : $"{_inMinute} writes in one minute")}, "
                + string.Join(", ", _written.OrderByDescending(w => w.Value).ThenBy(w => w.Key, StringComparer.Ordinal).Take(Told)
                    .Select(w => $"{w.Key} {w.Value} times"));
    }

    /// <summary>Objects that a controller makes again and again have names of their own each time.</summary>
    private static string FamilyOf(IKubernetesObject value) => OwnerReferences.ControllerOf(value) is { } owner
        ? $"{value.Kind} of {owner.Kind} {value.Metadata.Namespace}/{owner.Name}"
        : ClusterFacts.NameOf(value);
}
