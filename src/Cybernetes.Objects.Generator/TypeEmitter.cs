using Cybernetes.Objects.Schema;

namespace Cybernetes.Objects.Generator;

/// <summary>Emits one class: its properties and, in partial order of the file, reading, writing, cloning and comparing.</summary>
internal sealed class TypeEmitter
{
    private readonly CodeText _text;
    private readonly TypeFacts _type;
    private readonly FieldFacts[] _fields;
    private readonly KindFacts? _kind;
    private readonly Func<string, TypeFacts> _find;

    public TypeEmitter(CodeText text, TypeFacts type, FieldFacts[] fields, Func<string, TypeFacts> find)
    {
        _text = text;
        _find = find;
        _type = type;
        // WatchEvent and the like would repeat a name through two inlined structs: the first wins, as in Go.
        _fields = fields.GroupBy(f => f.JsonName).Select(g => g.First()).ToArray();
        _kind = type.Group.Kinds.FirstOrDefault(k => k.Kind == type.Name && type.Group.Group != "meta.k8s.io");
        if (!_fields.Any(f => f.JsonName == "kind") || !_fields.Any(f => f.JsonName == "apiVersion"))
            _kind = null;
        // A reference's kind and version are those of the object it names, not its own: nothing may be assumed of them.
        if (_fields.Any(f => f.JsonName == "name"))
            _kind = null;
    }

    private bool IsObject => _kind is not null && _fields.Any(f => f.JsonName == "metadata" && f.Type.StructName == "meta/v1.ObjectMeta");

    public void Emit()
    {
        var self = _type.Name;
        var bases = IsObject ? "global::Cybernetes.Objects.IKubernetesObject<" + self + ">" : "global::Cybernetes.Objects.IWireObject<" + self + ">";
        if (ProtobufEmitter.Covers(_type))
            bases += ", global::Cybernetes.Objects.IProtobufMessage";
        _text.Open("public sealed partial class " + self + " : " + bases);
        if (_kind is not null)
            EmitKind();
        foreach (var field in _fields)
            EmitProperty(field);
        EmitRead();
        EmitWrite();
        if (ProtobufEmitter.Covers(_type))
            new ProtobufEmitter(_text, _type, _find).Emit();
        EmitClone();
        EmitEquals();
        _text.Close();
    }

    private void EmitKind()
    {
        var name = "\"" + _kind!.Group + "\", \"" + _kind.Version + "\", \"" + _kind.Kind + "\"";
        _text.Line("public static KindFacts Facts { get; } = SchemaFacts.FindKind(" + name + ")!;");
        if (IsObject)
            _text.Line("public static " + _type.Name + " New() => new();");
    }

    private void EmitProperty(FieldFacts field)
    {
        var name = Naming.Property(field, _type);
        var type = Naming.Type(field.Type);
        if (_kind is not null && field.JsonName == "apiVersion")
            _text.Line("public string " + name + " { get; set; } = \"" + _kind.APIVersion + "\";");
        else if (_kind is not null && field.JsonName == "kind")
            _text.Line("public string " + name + " { get; set; } = \"" + _kind.Kind + "\";");
        else if (IsNullable(field.Type))
            _text.Line("public " + type + "? " + name + " { get; set; }");
        else
            _text.Line("public " + type + " " + name + " { get; set; }" + Initial(field.Type));
    }

    private static string Initial(TypeReference type) => type.Shape switch
    {
        TypeShape.String => " = \"\";",
        TypeShape.Struct => " = new();",
        _ => "",
    };

    /// <summary>Whether the C# property is nullable: pointers, lists, maps, bytes, and times (whose zero is "not set").</summary>
    internal static bool IsNullable(TypeReference type) =>
        type.Pointer || type.Shape is TypeShape.List or TypeShape.Map or TypeShape.Bytes or TypeShape.Time or TypeShape.MicroTime;

    private void EmitRead()
    {
        var self = _type.Name;
        _text.Open("public static " + self + " ReadJson(ref Utf8JsonReader reader, global::Cybernetes.Objects.DecodeContext context)");
        _text.Line("var value = new " + self + "();");
        _text.Open("if (!context.StartObject(ref reader, \"" + _type.Group.Version + "." + self + "\"))");
        _text.Line("return value;");
        _text.Close();
        _text.Open("while (context.NextField(ref reader))");
        _text.Line("var field = FieldIndex(JsonRead.NameSpan(ref reader));");
        _text.Open("if (field < 0)");
        _text.Line("context.Unknown(ref reader);");
        _text.Line("continue;");
        _text.Close();
        _text.Line("context.EnterField(ref reader, s_names[field], field);");
        _text.Line("if (reader.TokenType == JsonTokenType.Null) continue;");
        _text.Open("switch (field)");
        for (var i = 0; i < _fields.Length; i++)
            _text.Line("case " + i + ": value." + Naming.Property(_fields[i], _type) + " = " + ReadExpression.For(_fields[i]) + "; break;");
        _text.Close();
        _text.Close();
        _text.Line("return value;");
        _text.Close();
        _text.Line("private static readonly string[] s_names = [" + string.Join(", ", _fields.Select(f => "\"" + f.JsonName + "\"")) + "];");
        EmitFieldIndex();
    }

    private void EmitFieldIndex()
    {
        _text.Open("private static int FieldIndex(global::System.ReadOnlySpan<byte> name)");
        _text.Open("switch (name.Length)");
        foreach (var length in _fields.Select((f, i) => (f.JsonName, Index: i)).GroupBy(f => f.JsonName.Length).OrderBy(g => g.Key))
        {
            _text.Open("case " + length.Key + ":");
            foreach (var (name, index) in length)
                _text.Line("if (global::System.MemoryExtensions.SequenceEqual(name, \"" + name + "\"u8)) return " + index + ";");
            _text.Line("break;");
            _text.Close();
        }
        _text.Close();
        _text.Line("return -1;");
        _text.Close();
    }

    private void EmitWrite()
    {
        _text.Open("public void WriteJson(Utf8JsonWriter writer)");
        _text.Line("writer.WriteStartObject();");
        foreach (var field in _fields)
            WriteStatement.Emit(_text, field, Naming.Property(field, _type));
        _text.Line("writer.WriteEndObject();");
        _text.Close();
    }

    private void EmitClone()
    {
        var self = _type.Name;
        _text.Open("public " + self + " DeepClone() => new()");
        foreach (var field in _fields)
        {
            var name = Naming.Property(field, _type);
            _text.Line(name + " = " + CloneExpression(field.Type, name) + ",");
        }
        _text.Close("};");
    }

    private static string CloneExpression(TypeReference type, string name)
    {
        if (type.Shape == TypeShape.Struct)
            return type.Pointer ? name + "?.DeepClone()" : name + ".DeepClone()";
        if (type.Shape is TypeShape.List or TypeShape.Map or TypeShape.Bytes)
            return "global::Cybernetes.Objects.ObjectClone." + ShapeName(type) + "(" + name + ")";
        return name;
    }

    private void EmitEquals()
    {
        var self = _type.Name;
        _text.Open("public bool SemanticEquals(" + self + "? other)");
        _text.Line("if (ReferenceEquals(this, other)) return true;");
        _text.Line("if (other is null) return false;");
        foreach (var field in _fields)
        {
            var name = Naming.Property(field, _type);
            _text.Line("if (!(" + EqualsExpression(field.Type, name, "other." + name) + ")) return false;");
        }
        _text.Line("return true;");
        _text.Close();
    }

    private static string EqualsExpression(TypeReference type, string left, string right) => type.Shape switch
    {
        TypeShape.Struct when type.Pointer => "(" + left + " is null ? " + right + " is null : " + left + ".SemanticEquals(" + right + "))",
        TypeShape.Struct => left + ".SemanticEquals(" + right + ")",
        TypeShape.List or TypeShape.Map or TypeShape.Bytes or TypeShape.Raw =>
            "global::Cybernetes.Objects.ObjectEquality." + ShapeName(type) + "(" + left + ", " + right + ")",
        _ => left + " == " + right,
    };

    /// <summary>The name of the support method for a list or map: StringList, ObjectMap, QuantityMap, …</summary>
    internal static string ShapeName(TypeReference type) => type.Shape switch
    {
        TypeShape.List => ShapeName(type.Element!) + "List",
        TypeShape.Map => ShapeName(type.Element!) + "Map",
        TypeShape.Struct => "Object",
        _ => type.Shape.ToString(),
    };
}
