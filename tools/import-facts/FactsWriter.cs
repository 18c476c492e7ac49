using System.Globalization;
using System.Text;

namespace Cybernetes.Tools.ImportFacts;

/// <summary>A Go package to read, and how its facts are called.</summary>
/// <param name="Path">Import path, for example <c>k8s.io/api/core/v1</c>.</param>
/// <param name="Group">API group; empty for the core group.</param>
/// <param name="Version">API version.</param>
/// <param name="Short">Name of the facts file and prefix of type references, for example <c>core/v1</c>.</param>
/// <param name="Classes">Whether typed classes are generated (versions that our code speaks), or the facts are data only.</param>
internal sealed record PackageName(string Path, string Group, string Version, string Short, bool Classes);

/// <summary>Turns one Go package into the lines of a facts file (format: <c>src/Cybernetes.Objects/Facts/README.md</c>).</summary>
internal sealed class FactsWriter(IReadOnlyDictionary<string, PackageName> packages, Func<string, GoPackage> load)
{
    private static readonly Dictionary<string, string> s_special = new(StringComparer.Ordinal)
    {
        ["k8s.io/apimachinery/pkg/api/resource.Quantity"] = "Quantity",
        ["k8s.io/apimachinery/pkg/util/intstr.IntOrString"] = "IntOrString",
        ["k8s.io/apimachinery/pkg/types.UID"] = "string",
        ["k8s.io/apimachinery/pkg/types.NodeName"] = "string",
        ["k8s.io/apimachinery/pkg/runtime.RawExtension"] = "Raw",
        ["k8s.io/apimachinery/pkg/runtime.Object"] = "Raw",
        ["k8s.io/apimachinery/pkg/apis/meta/v1.Time"] = "Time",
        ["k8s.io/apimachinery/pkg/apis/meta/v1.MicroTime"] = "MicroTime",
        ["k8s.io/apimachinery/pkg/apis/meta/v1.Duration"] = "Duration",
        ["k8s.io/apimachinery/pkg/apis/meta/v1.FieldsV1"] = "Raw",
        ["k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.JSON"] = "Raw",
        ["k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.JSONSchemaPropsOrBool"] = "Raw",
        ["k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.JSONSchemaPropsOrArray"] = "Raw",
        ["k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.JSONSchemaPropsOrStringArray"] = "Raw",
        ["k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1beta1.JSON"] = "Raw",
        ["k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1beta1.JSONSchemaPropsOrBool"] = "Raw",
        ["k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1beta1.JSONSchemaPropsOrArray"] = "Raw",
        ["k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1beta1.JSONSchemaPropsOrStringArray"] = "Raw",
    };

    private static readonly HashSet<string> s_scalars =
        new(StringComparer.Ordinal) { "string", "bool", "int", "int32", "int64", "uint8", "uint32", "uint64", "float64", "byte" };

    public string Write(PackageName name)
    {
        var package = load(name.Path);
        var text = new StringBuilder();
        text.Append("# ").Append(name.Short).Append(": read off the public Go API types by tools/import-facts; do not edit by hand\n");
        text.Append("group ").Append(name.Group.Length == 0 ? "\"\"" : name.Group).Append(" version ").Append(name.Version)
            .Append(" short ").Append(name.Short).Append(" go ").Append(name.Path).Append(name.Classes ? " classes" : "").Append('\n');
        foreach (var (constant, value) in package.PlainConstants)
            text.Append("const ").Append(constant).Append(" \"").Append(value).Append("\"\n");
        foreach (var type in package.TypedConstants.GroupBy(c => c.Type))
            WriteEnum(text, package, type.Key, type);
        foreach (var type in package.Structs.Where(IsWire))
            WriteStruct(text, name, package, type);
        return text.ToString();
    }

    private static bool IsWire(GoStruct type) =>
        !s_special.Keys.Any(k => k.EndsWith("/v1." + type.Name, StringComparison.Ordinal) && type.Name is not "Object")
        && !IsList(type) && type.Fields.All(f => f.Json is not null || f.Inline) && type.Name is not ("InternalEvent" or "WatchEvent");

    private static bool IsList(GoStruct type) =>
        type.Name.EndsWith("List", StringComparison.Ordinal) && type.Fields.Any(f => f.Json == "items") && type.Fields.Any(f => f.Json == "metadata");

    private static void WriteEnum(StringBuilder text, GoPackage package, string type, IEnumerable<(string Type, string Name, string Value)> values)
    {
        if (!package.Named.ContainsKey(type))
            return;
        text.Append("enum ").Append(type).Append(package.Closed.Contains(type) ? " closed" : "").Append('\n');
        foreach (var (_, constant, value) in values)
            text.Append("  ").Append(constant).Append(" \"").Append(value).Append("\"\n");
    }

    private void WriteStruct(StringBuilder text, PackageName name, GoPackage package, GoStruct type)
    {
        WriteKind(text, type);
        text.Append("type ").Append(type.Name).Append(Marker(type.Markers, "structType") == "atomic" ? " atomic" : "").Append('\n');
        foreach (var field in type.Fields)
            WriteField(text, name, package, field);
    }

    private static void WriteKind(StringBuilder text, GoStruct type)
    {
        var isObject = type.Markers.Any(m => m.StartsWith("k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object", StringComparison.Ordinal));
        if (!isObject && !type.Markers.Any(m => m == "genclient"))
            return;
        text.Append("kind ").Append(type.Name);
        if (type.Markers.Contains("genclient"))
        {
            var plural = Marker(type.Markers, "resourceName") ?? Plural(type.Name);
            text.Append(' ').Append(plural).Append(type.Markers.Contains("genclient:nonNamespaced") ? " cluster" : " namespaced");
        }
        foreach (var fact in new[] { "introduced", "deprecated", "removed", "replacement" })
        {
            if (Marker(type.Markers, "k8s:prerelease-lifecycle-gen:" + fact) is { } value)
                text.Append(' ').Append(fact).Append('=').Append(value);
        }
        text.Append('\n');
    }

    private void WriteField(StringBuilder text, PackageName name, GoPackage package, GoField field)
    {
        var resolved = Resolve(field.Type, name, package);
        text.Append("  ").Append(field.Inline ? "-" : field.Json).Append(' ').Append(field.Name).Append(' ').Append(resolved).Append(' ')
            .Append(field.Protobuf.ToString(CultureInfo.InvariantCulture));
        if (field.Inline) text.Append(" inline");
        if (field.OmitEmpty) text.Append(" omitempty");
        if (field.Markers.Contains("optional") || field.Markers.Contains("k8s:optional")) text.Append(" optional");
        if (field.Markers.Contains("required") || field.Markers.Contains("k8s:required")) text.Append(" required");
        Append(text, "list", Marker(field.Markers, "listType"));
        Append(text, "keys", string.Join(',', field.Markers.Where(m => m.StartsWith("listMapKey=", StringComparison.Ordinal)).Select(m => m[11..])));
        Append(text, "map", Marker(field.Markers, "mapType"));
        Append(text, "struct", Marker(field.Markers, "structType"));
        Append(text, "patch", field.PatchStrategy);
        Append(text, "mergeKey", field.PatchMergeKey);
        Append(text, "gate", Marker(field.Markers, "featureGate"));
        Append(text, "enum", EnumOf(field.Type, name, package));
        Append(text, "default", Marker(field.Markers, "default"));
        text.Append('\n');
    }

    private static void Append(StringBuilder text, string key, string? value)
    {
        if (!string.IsNullOrEmpty(value))
            text.Append(' ').Append(key).Append('=').Append(value);
    }

    private static string? Marker(IReadOnlyList<string> markers, string key) =>
        markers.FirstOrDefault(m => m.StartsWith(key + "=", StringComparison.Ordinal))?[(key.Length + 1)..].Trim();

    /// <summary>The named string type of a field, where the type lists its values; the reader decides by <c>+enum</c> what is closed.</summary>
    private string? EnumOf(string goType, PackageName name, GoPackage package)
    {
        var bare = goType.TrimStart('*').Replace("[]", "", StringComparison.Ordinal);
        if (bare.StartsWith("map[", StringComparison.Ordinal))
            return null;
        var (owner, ownerPackage, type) = Locate(bare, name, package);
        if (ownerPackage is null || !ownerPackage.Named.TryGetValue(type, out var underlying) || underlying != "string")
            return null;
        if (!ownerPackage.TypedConstants.Any(c => c.Type == type))
            return null;
        return owner == name ? type : owner!.Short + "." + type;
    }

    /// <summary>A Go type as the facts write it: pointers as *, lists as [], maps as map[string], structs by their short package.</summary>
    private string Resolve(string goType, PackageName name, GoPackage package)
    {
        if (goType.StartsWith('*'))
            return "*" + Resolve(goType[1..], name, package);
        if (goType == "[]byte")
            return "bytes";
        if (goType.StartsWith("[]", StringComparison.Ordinal))
            return "[]" + Resolve(goType[2..], name, package);
        if (goType.StartsWith("map[", StringComparison.Ordinal))
            return "map[string]" + Resolve(goType[(goType.IndexOf(']') + 1)..], name, package);
        if (s_scalars.Contains(goType))
            return goType;
        var (owner, ownerPackage, type) = Locate(goType, name, package);
        if (ownerPackage is null)
            return s_special.TryGetValue(goType, out var outside) ? outside : throw new InvalidDataException($"{name.Short}: unknown type {goType}");
        if (s_special.TryGetValue(owner!.Path + "." + type, out var special))
            return special;
        if (ownerPackage.Named.TryGetValue(type, out var underlying))
            return Resolve(underlying, owner, ownerPackage);
        return owner == name ? type : owner.Short + "." + type;
    }

    private (PackageName? Owner, GoPackage? Package, string Type) Locate(string goType, PackageName name, GoPackage package)
    {
        var dot = goType.IndexOf('.', StringComparison.Ordinal);
        if (dot < 0)
            return (name, package, goType);
        if (!package.Imports.TryGetValue(goType[..dot], out var path))
            throw new InvalidDataException($"{name.Short}: no import for {goType}");
        var type = goType[(dot + 1)..];
        if (packages.TryGetValue(path, out var owner))
            return (owner, load(path), type);
        if (s_special.TryGetValue(path + "." + type, out _))
            return (new PackageName(path, "", "", path, false), new GoPackage(), type);
        throw new InvalidDataException($"{name.Short}: {path}.{type} is not among the packages read");
    }

    private static string Plural(string kind)
    {
        var lower = kind.ToLowerInvariant();
        if (lower is "endpoints") return lower;
        if (lower.EndsWith('s') || lower.EndsWith("x", StringComparison.Ordinal) || lower.EndsWith("ch", StringComparison.Ordinal)) return lower + "es";
        return lower.EndsWith('y') && !"aeiou".Contains(lower[^2]) ? lower[..^1] + "ies" : lower + "s";
    }
}
