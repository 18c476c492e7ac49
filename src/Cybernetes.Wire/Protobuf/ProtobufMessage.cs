using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
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
internal sealed class ProtobufField
{
    private ProtobufMessage? _message;

    public ProtobufField(TypeFacts type, FieldFacts facts)
    {
        Number = facts.ProtobufNumber;
        JsonName = JsonEncodedText.Encode(facts.JsonName);
        Type = facts.Type;
        Form = FormOf(type, facts);
        IsInline = facts.Inline;
        SkipsZero = facts is { OmitEmpty: true, Type.Pointer: false };
    }

    public int Number { get; }

    public JsonEncodedText JsonName { get; }

    public TypeReference Type { get; }

    public ProtobufForm Form { get; }

    /// <summary>A nested message whose fields JSON has in the outer object.</summary>
    public bool IsInline { get; }

    /// <summary>Zero means absent: Go's JSON leaves it out.</summary>
    public bool SkipsZero { get; }

    public bool IsSchemaChoice => Form is ProtobufForm.SchemaOrArray or ProtobufForm.SchemaOrBoolean or ProtobufForm.SchemaOrStrings;

    /// <summary>The message of a struct, also inside lists and maps.</summary>
    public ProtobufMessage Message
    {
        get
        {
            if (_message is not null) return _message;
            TypeReference leaf = Type;
            while (leaf.Element is not null) leaf = leaf.Element;
            return _message = ProtobufMessage.Of(leaf.StructName!);
        }
    }

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

/// <summary>A struct of the API as a protobuf message, made from its facts once.</summary>
internal sealed class ProtobufMessage
{
    public const string SchemaType = "apiextensions/v1.JSONSchemaProps";

    private static readonly ConcurrentDictionary<string, ProtobufMessage> s_messages = new(StringComparer.Ordinal);
    private readonly short[] _byNumber;
    private readonly Dictionary<int, int> _largeNumbers = [];

    private ProtobufMessage(TypeFacts type)
    {
        Name = type.Name;
        Fields = [.. type.Declared.Where(facts => facts.ProtobufNumber != 0).Select(facts => new ProtobufField(type, facts))];
        Inlined = [.. Fields.Where(field => field.IsInline)];
        _byNumber = new short[64];
        Array.Fill(_byNumber, (short)-1);
        for (int i = 0; i < Fields.Length; i++)
        {
            if (Fields[i].Number < _byNumber.Length) _byNumber[Fields[i].Number] = (short)i;
            else _largeNumbers[Fields[i].Number] = i;
        }
    }

    public string Name { get; }

    /// <summary>In the order of JSON.</summary>
    public ProtobufField[] Fields { get; }

    public ProtobufField[] Inlined { get; }

    public static ProtobufMessage Of(string fullName) =>
        s_messages.GetOrAdd(fullName, static name => new ProtobufMessage(SchemaFacts.Type(name)));

    /// <summary>The place in <see cref="Fields"/> of a field's number; -1 for an unknown one.</summary>
    public int IndexOf(int number) =>
        (uint)number < (uint)_byNumber.Length ? _byNumber[number] : _largeNumbers.GetValueOrDefault(number, -1);

    /// <summary>The field of the property name under the reader; null for an unknown one.</summary>
    /// <param name="reader">Stands on a property name.</param>
    /// <param name="cursor">Where the last field was found: properties mostly come in the order of the fields.</param>
    public ProtobufField? Find(ref Utf8JsonReader reader, ref int cursor)
    {
        ReadOnlySpan<byte> name = reader.ValueIsEscaped ? Encoding.UTF8.GetBytes(Objects.JsonRead.Text(ref reader)) : reader.ValueSpan;
        for (int i = cursor; i < Fields.Length; i++)
        {
            if (!name.SequenceEqual(Fields[i].JsonName.EncodedUtf8Bytes)) continue;
            cursor = i + 1;
            return Fields[i].IsInline ? null : Fields[i];
        }
        for (int i = 0; i < cursor; i++)
        {
            if (!name.SequenceEqual(Fields[i].JsonName.EncodedUtf8Bytes)) continue;
            cursor = i + 1;
            return Fields[i].IsInline ? null : Fields[i];
        }
        return null;
    }
}
