using Cybernetes.Objects.Schema;

namespace Cybernetes.Objects.Generator;

/// <summary>How facts are called in C#.</summary>
internal static class Naming
{
    private static readonly Dictionary<string, string> s_groups = new(StringComparer.Ordinal)
    {
        ["admissionregistration"] = "AdmissionRegistration",
        ["apidiscovery"] = "ApiDiscovery",
        ["apiextensions"] = "ApiExtensions",
        ["apiserverinternal"] = "ApiServerInternal",
        ["flowcontrol"] = "FlowControl",
        ["imagepolicy"] = "ImagePolicy",
        // "Node" would hide the kind Node in every namespace below Cybernetes.Objects.
        ["node"] = "NodeRuntime",
        ["storagemigration"] = "StorageMigration",
    };

    public static string Namespace(string shortName)
    {
        var parts = shortName.Split('/');
        var group = s_groups.TryGetValue(parts[0], out var special) ? special : Pascal(parts[0]);
        return "Cybernetes.Objects." + group + "." + Pascal(parts[1]);
    }

    public static string Class(string fullName)
    {
        var dot = fullName.IndexOf('.');
        return "global::" + Namespace(fullName.Substring(0, dot)) + "." + fullName.Substring(dot + 1);
    }

    /// <summary>A property's name: the Go name, unless C# forbids it (a member may not be called as its type).</summary>
    public static string Property(FieldFacts field, TypeFacts owner)
    {
        if (field.JsonName == "metadata")
            return "Metadata";
        return field.Name == owner.Name ? field.Name + "Value" : field.Name;
    }

    /// <summary>The C# type of a value that is there.</summary>
    public static string Type(TypeReference type) => type.Shape switch
    {
        TypeShape.String => "string",
        TypeShape.Boolean => "bool",
        TypeShape.Int32 => "int",
        TypeShape.Int64 => "long",
        TypeShape.Double => "double",
        TypeShape.Bytes => "byte[]",
        TypeShape.Time or TypeShape.MicroTime => "global::System.DateTimeOffset",
        TypeShape.Duration => "global::System.TimeSpan",
        TypeShape.Quantity => "global::Cybernetes.Objects.Quantity",
        TypeShape.IntOrString => "global::Cybernetes.Objects.IntOrString",
        TypeShape.Raw => "global::Cybernetes.Objects.RawJson",
        TypeShape.Struct => Class(type.StructName!),
        TypeShape.List => "List<" + Type(type.Element!) + ">",
        _ => "Dictionary<string, " + Type(type.Element!) + ">",
    };

    private static string Pascal(string text) => char.ToUpperInvariant(text[0]) + text.Substring(1);
}
