using Cybernetes.Objects;

namespace Cybernetes.Wire;

/// <summary>
/// Strategic merge patch: a merge patch that knows from the schema which lists to merge by key, with the directives $patch,
/// $retainKeys,
/// $setElementOrder and $deleteFromPrimitiveList. Results and errors are upstream's.
/// </summary>
public static class StrategicMergePatch
{
    internal const string Directive = "$patch";
    internal const string RetainKeys = "$retainKeys";
    internal const string SetElementOrder = "$setElementOrder";
    internal const string DeleteFromPrimitiveList = "$deleteFromPrimitiveList";

    /// <summary>Parses the patch and applies it.</summary>
    /// <param name="target">The object; taken over.</param>
    /// <param name="patch">The patch document.</param>
    /// <param name="schema">The object's type.</param>
    /// <param name="context">Takes note of duplicate keys in the patch; null when they do not matter.</param>
    /// <exception cref="PatchException">Malformed, or not applicable.</exception>
    public static JsonMap Apply(JsonMap target, ReadOnlySpan<byte> patch, PatchSchema schema, DecodeContext? context = null) =>
        Apply(target, Parse(patch, context), schema);

    /// <summary>The same for a document of our own making, of which only what the patch touches is read.</summary>
    /// <param name="document">The object.</param>
    /// <param name="dropsManaged">Whether metadata.managedFields may be left out where the patch says nothing of it.</param>
    /// <param name="patch">The patch document.</param>
    /// <param name="schema">The object's type.</param>
    /// <param name="context">As above.</param>
    /// <exception cref="PatchException">Malformed, or not applicable.</exception>
    public static JsonMap Apply(
        ReadOnlyMemory<byte> document, bool dropsManaged, ReadOnlySpan<byte> patch, PatchSchema schema, DecodeContext? context = null)
    {
        JsonMap tree = Parse(patch, context);
        return Apply(PatchTarget.Read(document, tree, dropsManaged), tree, schema);
    }

    private static JsonMap Parse(ReadOnlySpan<byte> patch, DecodeContext? context)
    {
        try
        {
            return JsonTree.ParseMap(patch, context);
        }
        catch (ObjectDecodeException error)
        {
            throw new PatchException(PatchFailure.BadRequest, error.Message);
        }
    }

    /// <summary>Applies a patch; takes over both trees and answers the result, which may be the target itself.</summary>
    /// <exception cref="PatchException">The patch is not applicable.</exception>
    public static JsonMap Apply(JsonMap target, JsonMap patch, PatchSchema schema)
    {
        if (patch.TryGet(Directive, out JsonTree? directive)) return ApplyDirective(directive, patch);
        RetainOnly(target, patch);
        ApplyElementOrders(target, patch, schema);
        foreach ((string name, JsonTree value) in patch.Snapshot())
        {
            bool isDeleteList = name.StartsWith(DeleteFromPrimitiveList, StringComparison.Ordinal);
            string key = isDeleteList ? FieldOf(name, DeleteFromPrimitiveList, "invalid patch format of primitive list") : name;
            ApplyField(target, key, value, isDeleteList, schema);
        }
        return target;
    }

    /// <summary>The element's kind as Go's reflection names it, to compare element types.</summary>
    internal static string ElementKind(JsonTree element) => element switch
    {
        JsonMap => "map",
        JsonList => "slice",
        JsonScalar { Kind: JsonScalarKind.Number } scalar => scalar.TryInt64(out _) ? "int64" : "float64",
        _ => element.GoKind,
    };

    /// <summary>The value without anything that holds a $patch directive; null when it is itself one.</summary>
    internal static JsonTree? WithoutDirectives(JsonTree value)
    {
        switch (value)
        {
            case JsonMap map:
                if (map.ContainsKey(Directive)) return null;
                foreach ((string key, JsonTree child) in map.Snapshot())
                {
                    if (WithoutDirectives(child) is null) map.Remove(key);
                }
                return map;
            case JsonList list:
                list.RemoveAll(child => WithoutDirectives(child) is null);
                return list;
            default:
                return value;
        }
    }

    internal static PatchException BadArgument(string expected, JsonTree actual)
    {
        string kind = ElementKind(actual) switch
        {
            "map" => "map[string]interface {}",
            "slice" => "[]interface {}",
            "null" => "%!s(<nil>)",
            string other => other,
        };
        return new PatchException(PatchFailure.Internal, $"expected a {expected}, but received a {kind}");
    }

    internal static PatchException NoMergeKey(JsonMap element, string mergeKey) =>
        new(PatchFailure.Internal, $"map: {element.ToGo()} does not contain declared merge key: {mergeKey}");

    internal static PatchException BadPatchType(JsonTree directive, JsonMap patch) =>
        new(PatchFailure.Internal, $"unknown patch type: {directive.ToGo()} in map: {patch.ToGo()}");

    private static JsonMap ApplyDirective(JsonTree directive, JsonMap patch)
    {
        switch (directive.AsString)
        {
            case "replace":
                patch.Remove(Directive);
                return patch;
            case "delete":
                return [];
            default:
                throw BadPatchType(directive, patch);
        }
    }

    private static void ApplyField(JsonMap target, string key, JsonTree value, bool isDeleteList, PatchSchema schema)
    {
        if (value.IsNull)
        {
            target.Remove(key);
            return;
        }
        JsonTree? current = target.Get(key);
        if (isDeleteList && (current is not JsonList || value is not JsonList)) return;
        switch (current, value)
        {
            case (JsonMap currentMap, JsonMap valueMap):
                PatchField map = schema.Lookup(key, isList: false);
                target[key] = map.Strategy == "replace" ? valueMap : Apply(currentMap, valueMap, map.Child);
                break;
            case (JsonList currentList, JsonList valueList):
                PatchField list = schema.Lookup(key, isList: true);
                bool merge = list.Strategy == "merge" || isDeleteList;
                target[key] = merge ? StrategicList.Merge(currentList, valueList, list, isDeleteList) : valueList;
                break;
            default:
                if (current is not JsonScalar || value is not JsonScalar) DiscardNulls(value);
                if (WithoutDirectives(value) is { } kept) target[key] = kept;
                else target.Remove(key);
                break;
        }
    }

    /// <summary>$retainKeys: clears the fields the list does not name; the patch may set only those it names.</summary>
    private static void RetainOnly(JsonMap target, JsonMap patch)
    {
        if (!patch.TryGet(RetainKeys, out JsonTree? directive)) return;
        patch.Remove(RetainKeys);
        if (directive is not JsonList list)
            throw new PatchException(PatchFailure.BadRequest, "invalid patch format of retainKeys");
        HashSet<string> retained = new(list.Select(item => item.AsString ?? ""), StringComparer.Ordinal);
        foreach ((string key, JsonTree value) in patch)
        {
            bool exempt = value.IsNull || key.StartsWith(DeleteFromPrimitiveList, StringComparison.Ordinal)
                || key.StartsWith(SetElementOrder, StringComparison.Ordinal);
            if (!exempt && !retained.Contains(key))
                throw new PatchException(PatchFailure.BadRequest, "invalid patch format of retainKeys");
        }
        target.RemoveAll(entry => !retained.Contains(entry.Key));
    }

    /// <summary>$setElementOrder: merges the list it names and puts the result into the order it gives. Both are then done
    /// with.</summary>
    private static void ApplyElementOrders(JsonMap target, JsonMap patch, PatchSchema schema)
    {
        foreach ((string name, JsonTree value) in patch.Snapshot())
        {
            if (!name.StartsWith(SetElementOrder, StringComparison.Ordinal)) continue;
            patch.Remove(name);
            if (value is not JsonList order) throw BadArgument("[]interface {}", value);
            string key = FieldOf(name, SetElementOrder, "invalid patch format of setElementOrder list");
            JsonList? current = ListOf(target, key);
            JsonList? changes = ListOf(patch, key);
            PatchField field = schema.Lookup(key, isList: true);
            StrategicList.CheckOrder(changes, order, field.MergeKey);
            if (current is null && changes is null) continue;

            target[key] = StrategicList.MergeInOrder(current, changes, order, field);
            patch.Remove(key);
        }
    }

    private static JsonList? ListOf(JsonMap map, string key) => map.Get(key) switch
    {
        null => null,
        JsonList list => list,
        JsonTree other => throw BadArgument("[]interface {}", other),
    };

    private static string FieldOf(string name, string prefix, string error) =>
        name.Length > prefix.Length && name[prefix.Length] == '/'
            ? name[(prefix.Length + 1)..]
            : throw new PatchException(PatchFailure.BadRequest, error);

    private static void DiscardNulls(JsonTree value)
    {
        switch (value)
        {
            case JsonMap map:
                map.RemoveAll(entry => entry.Value.IsNull);
                foreach ((_, JsonTree child) in map) DiscardNulls(child);
                break;
            case JsonList list:
                foreach (JsonTree child in list) DiscardNulls(child);
                break;
        }
    }
}
