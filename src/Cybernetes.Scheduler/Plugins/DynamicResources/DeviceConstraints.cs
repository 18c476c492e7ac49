using System.Globalization;
using Cybernetes.Objects;
using Cybernetes.Objects.Resource.V1;

namespace Cybernetes.Scheduler.Plugins.DynamicResources;

/// <summary>What must hold between the devices of one claim: an attribute that all share, or in which all differ. Keeps what was chosen so far.</summary>
internal sealed class DeviceConstraintState(DeviceConstraint constraint)
{
    private readonly string _attribute = constraint.MatchAttribute ?? constraint.DistinctAttribute ?? "";
    private readonly bool _isMatch = constraint.MatchAttribute is not null;
    private readonly IReadOnlyList<string> _requests = constraint.Requests.OrEmpty();
    private readonly List<string> _values = [];

    /// <summary>Adds a device if it may be added.</summary>
    public bool Add(DeviceWish wish, PoolDevice device)
    {
        if (!wish.IsIn(_requests))
            return true;
        if (device.Attribute(_attribute) is not { } attribute || ValueOf(attribute) is not { } value)
            return false;
        if (_values.Count > 0 && (_isMatch ? _values[0] != value : _values.Contains(value)))
            return false;
        _values.Add(value);
        return true;
    }

    /// <summary>Takes back the device that was added last.</summary>
    public void Remove(DeviceWish wish)
    {
        if (wish.IsIn(_requests))
            _values.RemoveAt(_values.Count - 1);
    }

    /// <summary>Values of different types never are the same.</summary>
    private static string? ValueOf(DeviceAttribute attribute) => attribute switch
    {
        { StringValue: { } text } => "s" + text,
        { IntValue: { } number } => "i" + number.ToString(CultureInfo.InvariantCulture),
        { BoolValue: { } truth } => truth ? "bt" : "bf",
        { VersionValue: { } version } => "v" + version,
        _ => null,
    };
}
