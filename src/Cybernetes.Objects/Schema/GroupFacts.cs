namespace Cybernetes.Objects.Schema;

/// <summary>The facts of one API group and version: its types, kinds, listed string values and named strings.</summary>
public sealed class GroupFacts
{
    internal GroupFacts(string group, string version, string shortName, string goPath, bool classes)
    {
        Group = group;
        Version = version;
        Short = shortName;
        GoPath = goPath;
        HasClasses = classes;
    }

    /// <summary>The API group; empty for the core group.</summary>
    public string Group { get; }

    public string Version { get; }

    /// <summary>What type references call this group and version, for example <c>core/v1</c>.</summary>
    public string Short { get; }

    public string GoPath { get; }

    /// <summary>Whether the source generator makes typed classes of it.</summary>
    public bool HasClasses { get; private set; }

    /// <summary><c>group/version</c>, or the version alone for the core group.</summary>
    public string APIVersion => Group.Length == 0 ? Version : Group + "/" + Version;

    public List<TypeFacts> Types { get; } = new();

    public List<KindFacts> Kinds { get; } = new();

    public List<EnumFacts> Enums { get; } = new();

    public List<KeyValuePair<string, string>> Constants { get; } = new();

    /// <summary>Takes over what another file says of the same group and version: kinds that the public types no longer hold.</summary>
    internal void Add(GroupFacts other)
    {
        Types.AddRange(other.Types);
        Kinds.AddRange(other.Kinds);
        Enums.AddRange(other.Enums);
        Constants.AddRange(other.Constants);
        HasClasses |= other.HasClasses;
    }

    /// <summary>The name under which OpenAPI documents know a type of this group.</summary>
    public string OpenApiName(string type)
    {
        var path = GoPath.Split('/');
        var host = path[0].Split('.');
        Array.Reverse(host);
        return string.Join(".", host) + "." + string.Join(".", path, 1, path.Length - 1) + "." + type;
    }
}

/// <summary>Values that a string field lists, by the Go name of each.</summary>
public sealed class EnumFacts
{
    internal EnumFacts(string name, bool closed)
    {
        Name = name;
        IsClosed = closed;
    }

    public string Name { get; }

    /// <summary>Whether no other values exist (<c>+enum</c>).</summary>
    public bool IsClosed { get; }

    public List<KeyValuePair<string, string>> Values { get; } = new();
}

/// <summary>A kind: what clients name in <c>kind:</c>, and, where it is a resource of its own, its URL name and scope.</summary>
public sealed class KindFacts
{
    internal KindFacts(string group, string version, string kind, string? plural, bool namespaced)
    {
        Group = group;
        Version = version;
        Kind = kind;
        Plural = plural;
        Namespaced = namespaced;
    }

    public string Group { get; }

    public string Version { get; }

    public string Kind { get; }

    /// <summary>The resource name in URLs; null for kinds that exist only as bodies (options, reviews' parts).</summary>
    public string? Plural { get; }

    public bool Namespaced { get; }

    public string APIVersion => Group.Length == 0 ? Version : Group + "/" + Version;

    /// <summary>The release that brought this version ("1.9"), deprecated it, removed it; null where the facts do not say.</summary>
    public string? Introduced { get; internal set; }

    public string? Deprecated { get; internal set; }

    public string? Removed { get; internal set; }

    /// <summary>What replaces a deprecated version: <c>group,version,kind</c>.</summary>
    public string? Replacement { get; internal set; }
}

/// <summary>A struct of the API with its fields in wire order.</summary>
public sealed class TypeFacts
{
    private FieldFacts[]? _flat;
    private Dictionary<string, FieldFacts>? _byJsonName;

    internal TypeFacts(GroupFacts group, string name)
    {
        Group = group;
        Name = name;
    }

    public GroupFacts Group { get; }

    public string Name { get; }

    /// <summary><c>core/v1.PodSpec</c>: what <see cref="TypeReference.StructName"/> refers to.</summary>
    public string FullName => Group.Short + "." + Name;

    public string OpenApiName => Group.OpenApiName(Name);

    /// <summary>Whether values are owned as a whole in server-side apply (<c>+structType=atomic</c> at the type).</summary>
    public bool IsAtomic { get; internal set; }

    /// <summary>The fields as declared: inlined structs stand as one field marked <see cref="FieldFacts.Inline"/> (protobuf keeps them apart).</summary>
    public List<FieldFacts> Declared { get; } = new();

    /// <summary>The fields as JSON has them, inlined structs opened, in order. <paramref name="find"/> resolves a full type name.</summary>
    public FieldFacts[] Flatten(Func<string, TypeFacts> find)
    {
        if (_flat is not null)
            return _flat;
        var fields = new List<FieldFacts>();
        foreach (var field in Declared)
        {
            if (field.Inline)
                fields.AddRange(find(field.Type.StructName!).Flatten(find));
            else
                fields.Add(field);
        }
        return _flat = fields.ToArray();
    }

    /// <summary>The field of that JSON name (inlined ones included), or null.</summary>
    public FieldFacts? Field(string jsonName, Func<string, TypeFacts> find)
    {
        var map = _byJsonName;
        if (map is null)
        {
            map = new Dictionary<string, FieldFacts>(StringComparer.Ordinal);
            foreach (var field in Flatten(find))
                map[field.JsonName] = field;
            _byJsonName = map;
        }
        return map.TryGetValue(jsonName, out var found) ? found : null;
    }
}

/// <summary>The facts of one field, as the public Go types state them by tags and markers.</summary>
public sealed class FieldFacts
{
    internal FieldFacts(string jsonName, string name, TypeReference type, int protobufNumber)
    {
        JsonName = jsonName;
        Name = name;
        Type = type;
        ProtobufNumber = protobufNumber;
    }

    public string JsonName { get; }

    /// <summary>The Go name, which is also the C# property's.</summary>
    public string Name { get; }

    public TypeReference Type { get; }

    public int ProtobufNumber { get; }

    /// <summary>A struct whose fields stand in the outer object in JSON.</summary>
    public bool Inline { get; internal set; }

    /// <summary>Left out of JSON when zero.</summary>
    public bool OmitEmpty { get; internal set; }

    public bool IsOptional { get; internal set; }

    /// <summary>Marked required; see <see cref="IsRequired"/> for what OpenAPI says.</summary>
    public bool MarkedRequired { get; internal set; }

    /// <summary>Required in OpenAPI: marked so, or neither optional nor left out when empty.</summary>
    public bool IsRequired => MarkedRequired || (!IsOptional && !OmitEmpty);

    /// <summary><c>atomic</c>, <c>set</c> or <c>map</c>; null where unstated (atomic to server-side apply).</summary>
    public string? ListType { get; internal set; }

    public string[] ListMapKeys { get; internal set; } = Array.Empty<string>();

    public string? MapType { get; internal set; }

    public string? StructType { get; internal set; }

    /// <summary>Strategic merge's strategy: <c>merge</c>, <c>replace</c>, <c>retainKeys</c>, or two of them with a comma.</summary>
    public string? PatchStrategy { get; internal set; }

    public string? PatchMergeKey { get; internal set; }

    public string? FeatureGate { get; internal set; }

    /// <summary>The enum that lists the values: a name of the same group, or <c>group/version.Name</c>.</summary>
    public string? Enum { get; internal set; }

    /// <summary>The declared default as JSON, or a Go reference; null where none is declared.</summary>
    public string? Default { get; internal set; }
}
