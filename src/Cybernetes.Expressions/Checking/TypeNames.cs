namespace Cybernetes.Expressions.Checking;

/// <summary>The names of types, which stand for types as values.</summary>
internal static class TypeNames
{
    private static readonly Dictionary<string, CelType> s_types = new(StringComparer.Ordinal)
    {
        ["bool"] = CelType.Bool,
        ["int"] = CelType.Int,
        ["uint"] = CelType.Uint,
        ["double"] = CelType.Double,
        ["string"] = CelType.String,
        ["bytes"] = CelType.Bytes,
        ["list"] = CelType.AnyList,
        ["map"] = CelType.AnyMap,
        ["null_type"] = CelType.Null,
        ["type"] = CelType.TypeOfTypes,
        ["optional_type"] = CelType.Optional(CelType.Dyn),
        ["google.protobuf.Timestamp"] = CelType.Timestamp,
        ["google.protobuf.Duration"] = CelType.Duration,
        ["kubernetes.Quantity"] = CelQuantity.CelTypeOf,
        ["kubernetes.Semver"] = CelSemver.CelTypeOf,
        ["kubernetes.URL"] = CelUrl.CelTypeOf,
        ["net.IP"] = CelIp.CelTypeOf,
        ["net.CIDR"] = CelCidr.CelTypeOf,
    };

    public static CelType? Find(string name) => s_types.GetValueOrDefault(name);
}
