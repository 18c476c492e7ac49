using Cybernetes.Objects.Schema;

namespace Cybernetes.Objects.Generator;

/// <summary>
/// Emits a class's reading and writing of protobuf. Inlined structs, whose fields the class holds itself, are messages of their own there: each gets a
/// method.
/// </summary>
internal sealed class ProtobufEmitter
{
    private const string Reads = "global::Cybernetes.Objects.ProtobufRead.";
    private const string Writes = "global::Cybernetes.Objects.ProtobufWrite.";
    private readonly CodeText _text;
    private readonly TypeFacts _owner;
    private readonly Func<string, TypeFacts> _find;
    private readonly List<(string Method, TypeFacts Type)> _inlined = new();
    private int _inlinedWritten;

    public ProtobufEmitter(CodeText text, TypeFacts owner, Func<string, TypeFacts> find)
    {
        _text = text;
        _owner = owner;
        _find = find;
    }

    /// <summary>Schemas of custom resources have forms that the facts do not tell (an object or a list or true): they go by way of JSON.</summary>
    public static bool Covers(TypeFacts type) => type.Group.Group != "apiextensions.k8s.io";

    public void Emit()
    {
        _text.Open("public void WriteProtobuf(global::Cybernetes.Objects.ProtobufWriter writer)");
        WriteFields(_owner);
        _text.Close();
        ReadFields("public void MergeProtobuf", _owner);
        for (var i = 0; i < _inlined.Count; i++)
            ReadFields("private void " + _inlined[i].Method, _inlined[i].Type);
    }

    private static IEnumerable<FieldFacts> Numbered(TypeFacts type) => type.Declared.Where(f => f.ProtobufNumber != 0).OrderBy(f => f.ProtobufNumber);

    private void WriteFields(TypeFacts type)
    {
        foreach (var field in Numbered(type))
        {
            if (!field.Inline)
            {
                Write(field, Naming.Property(field, _owner));
                continue;
            }
            var start = "inlined" + _inlinedWritten++;
            _text.Line("var " + start + " = writer.StartMessage(" + field.ProtobufNumber + ");");
            WriteFields(_find(field.Type.StructName!));
            _text.Line("writer.EndMessage(" + start + ");");
        }
    }

    private void Write(FieldFacts field, string name)
    {
        var type = field.Type;
        var number = field.ProtobufNumber;
        switch (type.Shape)
        {
            case TypeShape.List when IsWrapped(field):
                _text.Line("if (" + name + " is not null) " + Writes + "WrappedList(writer, " + number + ", " + name + ");");
                return;
            case TypeShape.List:
                _text.Line("if (" + name + " is not null) foreach (var item in " + name + ") " + WriteValue(type.Element!, number, "item"));
                return;
            case TypeShape.Map:
                _text.Open("if (" + name + " is not null) foreach (var key in global::Cybernetes.Objects.JsonWrite.SortedKeys(" + name + "))");
                _text.Line("var start = writer.StartMessage(" + number + ");");
                _text.Line("writer.String(1, key);");
                _text.Line(WriteValue(type.Element!, 2, name + "[key]"));
                _text.Line("writer.EndMessage(start);");
                _text.Close();
                return;
        }
        if (TypeEmitter.IsNullable(type))
        {
            var isStruct = type.Shape is not (TypeShape.Struct or TypeShape.String or TypeShape.Bytes);
            var present = type.Shape == TypeShape.Bytes && field.OmitEmpty && !type.Pointer ? " is { Length: > 0 }" : " is not null";
            _text.Line("if (" + name + present + ") " + WriteValue(type, number, isStruct ? name + ".Value" : name));
            return;
        }
        var condition = field.OmitEmpty ? WriteStatement.NonZero(type, name) : null;
        if (type.Shape == TypeShape.Raw)
            condition = "!" + name + ".IsEmpty";
        _text.Line((condition is null ? "" : "if (" + condition + ") ") + WriteValue(type, number, name));
    }

    private static string WriteValue(TypeReference type, int number, string value) => type.Shape switch
    {
        TypeShape.String => "writer.String(" + number + ", " + value + ");",
        TypeShape.Boolean => "writer.Boolean(" + number + ", " + value + ");",
        TypeShape.Int32 or TypeShape.Int64 => "writer.Int64(" + number + ", " + value + ");",
        TypeShape.Double => "writer.Double(" + number + ", " + value + ");",
        TypeShape.Bytes => "writer.Bytes(" + number + ", " + value + ");",
        TypeShape.Struct => Writes + "Message(writer, " + number + ", " + value + ");",
        TypeShape.List => Writes + "WrappedList(writer, " + number + ", " + value + ");",
        _ => Writes + type.Shape + "(writer, " + number + ", " + value + ");",
    };

    private void ReadFields(string head, TypeFacts type)
    {
        _text.Open(head + "(global::System.ReadOnlySpan<byte> message)");
        _text.Line("var reader = new global::Cybernetes.Objects.ProtobufReader(message);");
        _text.Open("while (reader.NextField())");
        _text.Open("switch (reader.Field)");
        foreach (var field in Numbered(type))
            _text.Line("case " + field.ProtobufNumber + ": " + Read(field) + " break;");
        _text.Line("default: reader.Skip(); break;");
        _text.Close();
        _text.Close();
        _text.Close();
    }

    private string Read(FieldFacts field)
    {
        if (field.Inline)
        {
            var method = "Merge" + field.Type.StructName!.Substring(field.Type.StructName.IndexOf('.') + 1);
            _inlined.Add((method, _find(field.Type.StructName)));
            return method + "(reader.Bytes());";
        }
        var name = Naming.Property(field, _owner);
        var type = field.Type;
        switch (type.Shape)
        {
            case TypeShape.Struct when type.Pointer:
                return "(" + name + " ??= new()).MergeProtobuf(reader.Bytes());";
            case TypeShape.Struct:
                return name + ".MergeProtobuf(reader.Bytes());";
            case TypeShape.List when IsWrapped(field):
                return name + " = " + Reads + "WrappedList(reader.Bytes());";
            case TypeShape.List when type.Element!.Shape is TypeShape.Int32 or TypeShape.Int64 or TypeShape.Boolean:
                return name + " = " + Reads + "Numbers(" + name + ", ref reader);";
            case TypeShape.List when type.Element!.Shape == TypeShape.Struct:
                return "{ var item = new " + Naming.Class(type.Element.StructName!) + "(); item.MergeProtobuf(reader.Bytes()); (" + name
                    + " ??= []).Add(item); }";
            case TypeShape.List:
                return "(" + name + " ??= []).Add(" + ReadValue(type.Element!, "reader.Bytes()") + ");";
            case TypeShape.Map when type.Element!.Shape == TypeShape.Struct:
                return "{ var key = " + Reads + "Entry(reader.Bytes(), out var value); var item = new " + Naming.Class(type.Element.StructName!)
                    + "(); item.MergeProtobuf(value); (" + name + " ??= new())[key] = item; }";
            case TypeShape.Map:
                return "{ var key = " + Reads + "Entry(reader.Bytes(), out var value); (" + name + " ??= new())[key] = "
                    + ReadValue(type.Element!, "value") + (type.Element!.Shape is TypeShape.Time or TypeShape.MicroTime ? ".GetValueOrDefault()" : "") + "; }";
            case TypeShape.Boolean:
                return name + " = reader.Boolean();";
            case TypeShape.Int32:
                return name + " = (int)reader.Int64();";
            case TypeShape.Int64:
                return name + " = reader.Int64();";
            case TypeShape.Double:
                return name + " = reader.Double();";
            default:
                return name + " = " + ReadValue(type, "reader.Bytes()") + ";";
        }
    }

    private static string ReadValue(TypeReference type, string bytes) => type.Shape switch
    {
        TypeShape.String => Reads + "Text(" + bytes + ")",
        TypeShape.Bytes => bytes + ".ToArray()",
        TypeShape.List => Reads + "WrappedList(" + bytes + ")",
        _ => Reads + type.Shape + "(" + bytes + ")",
    };

    /// <summary>A named list of strings: a message with the items as its first field.</summary>
    private bool IsWrapped(FieldFacts field) => _owner.Name == "APIResource" && field.JsonName == "verbs";
}
