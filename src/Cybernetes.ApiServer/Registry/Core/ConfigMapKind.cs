using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core;

/// <summary>ConfigMap.</summary>
internal sealed class ConfigMapKind : KindDefinition<ConfigMap>
{
    // Upstream's bound of keys and values together: 1 MiB.
    private const int MaxBytes = 1024 * 1024;

    public override IReadOnlyList<string> ShortNames => ["cm"];

    public override bool AllowCreateOnUpdate => false;

    public override IReadOnlyList<Column<ConfigMap>> Columns { get; } =
    [
        Column<ConfigMap>.Name,
        Column<ConfigMap>.Number("Data", "Number of entries.", c => c.Data.OrEmpty().Count + c.BinaryData.OrEmpty().Count),
        Column<ConfigMap>.Age,
    ];

    protected override void Validate(ConfigMap obj, FieldErrorList errors)
    {
        var total = 0L;
        foreach (var (key, value) in obj.Data.OrEmpty())
        {
            errors.AddInvalid(FieldPath.Of("data").Key(key), key, Names.ConfigMapKey(key));
            if (obj.BinaryData.OrEmpty().ContainsKey(key))
                errors.Add(FieldError.Invalid(FieldPath.Of("data").Key(key), key, "duplicate of key present in binaryData"));
            total += System.Text.Encoding.UTF8.GetByteCount(value);
        }
        foreach (var (key, value) in obj.BinaryData.OrEmpty())
        {
            errors.AddInvalid(FieldPath.Of("binaryData").Key(key), key, Names.ConfigMapKey(key));
            total += value.Length;
        }
        if (total > MaxBytes)
            errors.Add(FieldError.TooLong(FieldPath.Of(""), MaxBytes));
    }

    protected override void ValidateUpdate(ConfigMap obj, ConfigMap old, FieldErrorList errors)
    {
        if (old.Immutable != true)
            return;
        if (obj.Immutable != true)
            errors.Add(FieldError.Forbidden(FieldPath.Of("immutable"), "field is immutable when `immutable` is set"));
        var before = old.DeepClone();
        before.BinaryData = obj.BinaryData;
        before.Metadata = obj.Metadata;
        before.Immutable = obj.Immutable;
        if (!obj.SemanticEquals(before))
            errors.Add(FieldError.Forbidden(FieldPath.Of("data"), "field is immutable when `immutable` is set"));
        before.Data = obj.Data;
        before.BinaryData = old.BinaryData;
        if (!obj.SemanticEquals(before))
            errors.Add(FieldError.Forbidden(FieldPath.Of("binaryData"), "field is immutable when `immutable` is set"));
    }
}
