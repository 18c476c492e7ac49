using System.Text;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core;

/// <summary>ConfigMaps: keys of text and of bytes, a megabyte together.</summary>
internal sealed class ConfigMapKind : KindDefinition<ConfigMap>
{
    private const int MaximumBytes = 1024 * 1024;

    public override IReadOnlyList<string> ShortNames => ["cm"];

    public override IReadOnlyList<Column<ConfigMap>> Columns { get; } =
    [
        Column<ConfigMap>.Name,
        CountColumn.Of<ConfigMap>("Data", "Number of entries.", c => (c.Data?.Count ?? 0) + (c.BinaryData?.Count ?? 0)),
        Column<ConfigMap>.Age,
    ];

    protected override void Validate(ConfigMap obj, FieldErrorList errors)
    {
        long total = 0;
        foreach (var (key, value) in obj.Data.OrEmpty())
        {
            FieldChecks.ConfigKey(key, FieldPath.Of("data"), errors);
            if (obj.BinaryData?.ContainsKey(key) == true)
                errors.Invalid(FieldPath.Of("data").Key(key), key, "duplicate of key present in binaryData");
            total += Encoding.UTF8.GetByteCount(value);
        }
        foreach (var (key, value) in obj.BinaryData.OrEmpty())
        {
            FieldChecks.ConfigKey(key, FieldPath.Of("binaryData"), errors);
            total += value.Length;
        }
        // Upstream names no field here.
        if (total > MaximumBytes)
            errors.TooLong(FieldPath.Of(""), MaximumBytes);
    }

    protected override void ValidateUpdate(ConfigMap obj, ConfigMap old, FieldErrorList errors)
    {
        if (old.Immutable != true)
            return;
        const string Why = "field is immutable when `immutable` is set";
        if (obj.Immutable != true)
            errors.Forbidden(FieldPath.Of("immutable"), Why);
        if (!Same(obj.Data, old.Data))
            errors.Forbidden(FieldPath.Of("data"), Why);
        if (!SecretKind.Same(obj.BinaryData, old.BinaryData))
            errors.Forbidden(FieldPath.Of("binaryData"), Why);
    }

    private static bool Same(Dictionary<string, string>? left, Dictionary<string, string>? right)
    {
        if ((left?.Count ?? 0) != (right?.Count ?? 0))
            return false;
        foreach (var (key, value) in left.OrEmpty())
        {
            if (!right!.TryGetValue(key, out var other) || other != value)
                return false;
        }
        return true;
    }
}
