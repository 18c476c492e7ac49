using System.Diagnostics.CodeAnalysis;
using Cybernetes.Objects.Resource.V1;

namespace Cybernetes.Expressions;

/// <summary>
/// A device as selectors see it. Made once for a device and used for any number of selectors and threads; the device must not change meanwhile.
/// </summary>
public sealed class CelDevice : ICelActivation
{
    private readonly CelMap _device;

    /// <param name="driver">The driver's name, which is also the domain of attributes and capacities that name none.</param>
    /// <param name="device">The device of a ResourceSlice.</param>
    public CelDevice(string driver, Device device)
    {
        _device = CelMap.Of(new Dictionary<CelValue, CelValue>
        {
            [new CelString("driver")] = new CelString(driver),
            [new CelString("attributes")] = Domains(driver, device.Attributes, Value),
            [new CelString("capacity")] = Domains(driver, device.Capacity, c => new CelQuantity(c.Value)),
            [new CelString("allowMultipleAllocations")] = CelBool.Of(device.AllowMultipleAllocations ?? false),
        });
    }

    CelValue? ICelActivation.Find(string variable) => variable == "device" ? _device : null;

    private static DomainMap Domains<T>(string driver, IReadOnlyDictionary<string, T>? named, Func<T, CelValue> value)
    {
        var domains = new Dictionary<CelValue, Dictionary<CelValue, CelValue>>();
        foreach (var (name, held) in named ?? new Dictionary<string, T>())
        {
            var slash = name.IndexOf('/', StringComparison.Ordinal);
            var domain = new CelString(slash < 0 ? driver : name[..slash]);
            if (!domains.TryGetValue(domain, out var values)) domains[domain] = values = [];
            values[new CelString(name[(slash + 1)..])] = value(held);
        }
        return new DomainMap(domains.ToDictionary(d => d.Key, d => (CelValue)CelMap.Of(d.Value)));
    }

    private static CelValue Value(DeviceAttribute attribute)
    {
        if (attribute.IntValue is { } number) return CelInt.Of(number);
        if (attribute.BoolValue is { } flag) return CelBool.Of(flag);
        if (attribute.StringValue is { } text) return new CelString(text);
        if (attribute.VersionValue is { } version) return CelSemver.Parse(version);
        if (attribute.IntValues is { } numbers) return CelList.Of([.. numbers.Select(CelInt.Of)]);
        if (attribute.BoolValues is { } flags) return CelList.Of([.. flags.Select(CelBool.Of)]);
        if (attribute.StringValues is { } texts) return CelList.Of([.. texts.Select(t => new CelString(t))]);
        if (attribute.VersionValues is { } versions) return CelList.Of([.. versions.Select(CelSemver.Parse)]);
        return new CelError("unsupported attribute value");
    }

    /// <summary>Values by domain: every domain has values, those without any an empty map; but only the others are <c>in</c> the map.</summary>
    private sealed class DomainMap(Dictionary<CelValue, CelValue> domains) : CelMap
    {
        public override int Count => domains.Count;

        public override IEnumerable<CelValue> Keys => domains.Keys;

        public override bool Contains(CelValue key) => domains.ContainsKey(key);

        public override bool TryGet(CelValue key, [NotNullWhen(true)] out CelValue? value)
        {
            value = domains.GetValueOrDefault(key) ?? Empty;
            return true;
        }
    }
}
