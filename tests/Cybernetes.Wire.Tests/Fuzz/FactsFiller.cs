using Cybernetes.Objects.Schema;

namespace Cybernetes.Wire.Tests;

/// <summary>Fills a type's fields at random with values of the right shape.</summary>
internal sealed class FactsFiller(int seed)
{
    private readonly Random _random = new(seed);

    public JsonMap Fill(TypeFacts type, int depth)
    {
        JsonMap map = [];
        foreach (FieldFacts field in SchemaFacts.FieldsOf(type))
        {
            // Protobuf does not carry an object's own kind, not even of objects inside others.
            bool inTypeMeta = field.JsonName is "kind" or "apiVersion"
                && type.Declared.Any(f => f.Inline && f.ProtobufNumber == 0);
            if (field.ProtobufNumber == 0 || inTypeMeta || _random.Next(3) == 0) continue;
            if (type.Name == "JSONSchemaProps" && field.Type.Shape is TypeShape.Raw or TypeShape.Map && depth > 3) continue;
            if (Value(type, field, field.Type, depth) is not { } value) continue;
            // What Go's JSON leaves out is left out on the way back too.
            bool isZero = value is JsonScalar { Text: "0" or "false" };
            if (!isZero || !field.OmitEmpty || field.Type.Pointer || field.Type.Shape == TypeShape.IntOrString) map[field.JsonName] = value;
        }
        return map;
    }

    private JsonTree? Value(TypeFacts owner, FieldFacts field, TypeReference type, int depth)
    {
        if (owner.Name == "JSONSchemaProps"
            && field.JsonName is "items" or "additionalProperties" or "additionalItems" or "dependencies")
            return type.Shape == TypeShape.Map ? new JsonMap { ["k"] = Fill(owner, depth + 1) } : Fill(owner, depth + 1);
        switch (type.Shape)
        {
            case TypeShape.String: return "s" + _random.Next(9);
            case TypeShape.Boolean: return _random.Next(2) == 0;
            case TypeShape.Int32: return (long)_random.Next(-5, 1000);
            case TypeShape.Int64: return _random.NextInt64(-5, long.MaxValue);
            case TypeShape.Double: return JsonScalar.Number("2.5");
            case TypeShape.Bytes: return "aGk=";
            case TypeShape.Time: return "2026-01-02T03:04:05Z";
            case TypeShape.MicroTime: return "2026-01-02T03:04:05.000006Z";
            case TypeShape.Duration: return "1m30s";
            case TypeShape.Quantity: return "500m";
            case TypeShape.IntOrString: return _random.Next(2) == 0 ? 80L : "80%";
            case TypeShape.Raw: return new JsonMap { ["x"] = 1L };
            case TypeShape.Struct: return depth > 5 ? null : Fill(SchemaFacts.Type(type.StructName!), depth + 1);
            case TypeShape.List:
                return Value(owner, field, type.Element!, depth) is { } item ? new JsonList([item]) : null;
            default:
                return Value(owner, field, type.Element!, depth) is { } entry ? new JsonMap { ["k"] = entry } : null;
        }
    }
}
