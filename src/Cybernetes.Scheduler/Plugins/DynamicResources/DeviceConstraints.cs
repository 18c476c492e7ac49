using System.Globalization;
using Cybernetes.Objects;
using Cybernetes.Objects.Resource.V1;

namespace Cybernetes.Scheduler.Plugins.DynamicResources;

/// <summary>
/// What must hold between the devices of one claim: an attribute that all share, or in which all differ. Keeps what was chosen so far. Where attributes
/// may be lists (KEP-5491) all devices must have a value in common, or no two of them one; a single value counts as a list of one.
/// </summary>
/// <param name="constraint">Of a claim.</param>
/// <param name="hasLists">Whether lists are looked at (gate DRAListTypeAttributes); else they are values of an unknown type.</param>
internal sealed class DeviceConstraintState(DeviceConstraint constraint, bool hasLists = false)
{
    private static readonly string[] s_unknown = [];
    private readonly string _attribute = constraint.MatchAttribute ?? constraint.DistinctAttribute ?? "";
    private readonly bool _isMatch = constraint.MatchAttribute is not null;
    private readonly IReadOnlyList<string> _requests = constraint.Requests.OrEmpty();

    /// <summary>After each device: what all so far have in common, or for attributes that must differ its own values.</summary>
    private readonly List<string[]> _values = [];

    /// <summary>Adds a device if it may be added.</summary>
    public bool Add(DeviceWish wish, PoolDevice device)
    {
        if (!wish.IsIn(_requests))
            return true;
        if (device.Attribute(_attribute) is not { } attribute)
            return false;
        var values = ValuesOf(attribute);
        if (_values.Count > 0 && _isMatch)
        {
            values = Common(_values[^1], values);
            if (values.Length == 0)
                return false;
        }
        else if (_values.Count > 0 && (values.Length == 0 || _values.Exists(v => Common(v, values).Length > 0)))
            return false;
        _values.Add(values);
        return true;
    }

    /// <summary>Takes back the device that was added last.</summary>
    public void Remove(DeviceWish wish)
    {
        if (wish.IsIn(_requests))
            _values.RemoveAt(_values.Count - 1);
    }

    private static string[] Common(string[] one, string[] other) =>
        one.Length == 1 && other.Length == 1 ? one[0] == other[0] ? one : s_unknown : Array.FindAll(one, v => Array.IndexOf(other, v) >= 0);

    /// <summary>Values of different types never are the same. Nothing for a type that is not known: the first device may have it.</summary>
    private string[] ValuesOf(DeviceAttribute attribute) => attribute switch
    {
        { StringValue: { } text } => ["s" + text],
        { IntValue: { } number } => [Whole(number)],
        { BoolValue: { } truth } => [Truth(truth)],
        { VersionValue: { } version } => ["v" + version],
        { StringValues: { } texts } when hasLists => [.. texts.Select(t => "s" + t)],
        { IntValues: { } numbers } when hasLists => [.. numbers.Select(Whole)],
        { BoolValues: { } truths } when hasLists => [.. truths.Select(Truth)],
        { VersionValues: { } versions } when hasLists => [.. versions.Select(v => "v" + v)],
        _ => s_unknown,
    };

    private static string Whole(long number) => "i" + number.ToString(CultureInfo.InvariantCulture);

    private static string Truth(bool truth) => truth ? "bt" : "bf";
}
