namespace Cybernetes.Scheduler.Cycle;

/// <summary>Why a node was rejected: by which plugin, for which reasons, and whether evicting pods could change it.</summary>
internal sealed record Rejection(IPlugin Plugin, IReadOnlyList<string> Reasons, bool IsResolvable);

/// <summary>Numbers for rejections, so that a node's is two bytes. 0 means none, 1 a node that is not there.</summary>
internal sealed class RejectionTable
{
    public const ushort Fits = 0;
    public const ushort NoNode = 1;

    private readonly Dictionary<(string Plugin, string Reasons, bool IsResolvable), ushort> _codes = [];
    private readonly List<Rejection?> _rejections = [null, null];

    public Rejection this[ushort code] => _rejections[code] ?? throw new ArgumentOutOfRangeException(nameof(code));

    public int Count => _rejections.Count;

    public ushort CodeOf(IPlugin plugin, string reason, bool isResolvable) => CodeOf(plugin, [reason], isResolvable);

    public ushort CodeOf(IPlugin plugin, IReadOnlyList<string> reasons, bool isResolvable)
    {
        var key = (plugin.Name, reasons.Count == 1 ? reasons[0] : string.Join('\n', reasons), isResolvable);
        if (_codes.TryGetValue(key, out var code))
            return code;
        _codes[key] = code = checked((ushort)_rejections.Count);
        _rejections.Add(new Rejection(plugin, reasons, isResolvable));
        return code;
    }
}
