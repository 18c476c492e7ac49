using System.Collections.Concurrent;
using Cybernetes.Objects.Schema;

namespace Cybernetes.Wire;

/// <summary>What a field's value is on the protobuf side, where it differs from its JSON shape.</summary>
internal enum ProtobufForm
{
    Plain,

    /// <summary>A named list of strings inside a map or field, which protobuf wraps into a message with the items as field
    /// 1.</summary>
    WrappedList,

    /// <summary>apiextensions: a schema or a list of schemas.</summary>
    SchemaOrArray,

    /// <summary>apiextensions: a schema or true or false.</summary>
    SchemaOrBoolean,

    /// <summary>apiextensions: a schema or a list of names.</summary>
    SchemaOrStrings,
}

/// <summary>One field as protobuf has it.</summary>
/// <param name="JsonName">Empty for a nested message whose fields JSON has in the outer object.</param>
internal sealed record ProtobufField(int Number, string JsonName, TypeReference Type, ProtobufForm Form);

/// <summary>A struct of the API as a protobuf message, made from its facts once.</summary>
internal sealed class ProtobufMessage
{
    private static readonly ConcurrentDictionary<string, ProtobufMessage> s_messages = new(StringComparer.Ordinal);
    private readonly Dictionary<int, ProtobufField> _byNumber = [];

    private ProtobufMessage(TypeFacts type)
    {
        List<ProtobufField> fields = [];
        foreach (FieldFacts facts in type.Declared)
        {
            if (facts.ProtobufNumber == 0) continue;
            ProtobufField field = new(facts.ProtobufNumber, facts.Inline ? "" : facts.JsonName, facts.Type, FormOf(type, facts));
            fields.Add(field);
            _byNumber[field.Number] = field;
        }
        Fields = [.. fields.OrderBy(field => field.Number)];
    }

    public IReadOnlyList<ProtobufField> Fields { get; }

    public static ProtobufMessage Of(string fullName) =>
        s_messages.GetOrAdd(fullName, static name => new ProtobufMessage(SchemaFacts.Type(name)));

    public ProtobufField? Find(int number) => _byNumber.GetValueOrDefault(number);

    private static ProtobufForm FormOf(TypeFacts type, FieldFacts field)
    {
        if (field.Type is { Shape: TypeShape.Map, Element.Shape: TypeShape.List }) return ProtobufForm.WrappedList;
        return (type.Name, field.JsonName) switch
        {
            ("APIResource", "verbs") => ProtobufForm.WrappedList,
            ("JSONSchemaProps", "items") => ProtobufForm.SchemaOrArray,
            ("JSONSchemaProps", "additionalProperties" or "additionalItems") => ProtobufForm.SchemaOrBoolean,
            ("JSONSchemaProps", "dependencies") => ProtobufForm.SchemaOrStrings,
            _ => ProtobufForm.Plain,
        };
    }
}
