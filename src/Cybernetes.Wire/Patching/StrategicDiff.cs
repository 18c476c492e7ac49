using static Cybernetes.Wire.StrategicList;

namespace Cybernetes.Wire;

/// <summary>Makes the strategic merge patch that turns one object into another, as clients do (upstream's two-way merge
/// patch).</summary>
public static class StrategicDiff
{
    /// <summary>The patch that turns the original into the modified; neither is changed, the patch shares nothing with
    /// them.</summary>
    /// <exception cref="PatchException">A field is not in the schema, or lists cannot be compared.</exception>
    public static JsonMap Create(JsonMap original, JsonMap modified, PatchSchema schema) =>
        Maps(original, modified, schema, retainKeys: false);

    private static JsonMap Maps(JsonMap original, JsonMap modified, PatchSchema schema, bool retainKeys)
    {
        JsonMap patch = [];
        foreach ((string key, JsonTree value) in modified)
        {
            JsonTree? before = original.Get(key);
            if (value.DeepEquals(before)) continue;
            switch (before, value)
            {
                case (JsonMap beforeMap, JsonMap valueMap):
                    PatchField field = schema.Lookup(key, isList: false);
                    if (field.Strategy == "replace")
                    {
                        patch[key] = valueMap.DeepClone();
                        break;
                    }
                    JsonMap inner = Maps(beforeMap, valueMap, field.Child, field.RetainKeys);
                    if (inner.Count > 0) patch[key] = inner;
                    break;
                case (JsonList beforeList, JsonList valueList):
                    Lists(key, beforeList, valueList, schema.Lookup(key, isList: true), patch);
                    break;
                default:
                    patch[key] = value.DeepClone();
                    break;
            }
        }
        bool removes = false;
        foreach ((string key, JsonTree value) in original)
        {
            if (modified.ContainsKey(key)) continue;
            patch[key] = JsonScalar.Null;
            removes |= !value.IsNull;
        }
        if (retainKeys && (patch.Count > 0 || removes))
        {
            IEnumerable<string> kept =
                modified.Where(entry => !entry.Value.IsNull).Select(entry => entry.Key).Order(StringComparer.Ordinal);
            JsonList list = new(kept.Select(JsonScalar.Of));
            if (list.Count > 0) patch[StrategicMergePatch.RetainKeys] = list;
        }
        return patch;
    }

    private static void Lists(string key, JsonList original, JsonList modified, in PatchField field, JsonMap patch)
    {
        if (field.Strategy != "merge" || original.Count == 0)
        {
            patch[key] = modified.DeepClone();
            return;
        }
        if (ElementType(original, modified) == "map") MapLists(key, original, modified, field, patch);
        else ScalarLists(key, original, modified, patch);
    }

    private static void ScalarLists(string key, JsonList original, JsonList modified, JsonMap patch)
    {
        HashSet<ElementKey> before = [.. original.Select(ElementKey.Of)];
        HashSet<ElementKey> after = [.. modified.Select(ElementKey.Of)];
        JsonList added = new(modified.Where(item => !before.Contains(ElementKey.Of(item))));
        JsonList removed = new(original.Where(item => !after.Contains(ElementKey.Of(item))));
        if (added.Count > 0) patch[key] = added;
        if (removed.Count > 0) patch[$"{StrategicMergePatch.DeleteFromPrimitiveList}/{key}"] = removed;
        if (modified.Count > 0) patch[$"{StrategicMergePatch.SetElementOrder}/{key}"] = modified.DeepClone();
    }

    private static void MapLists(string key, JsonList original, JsonList modified, in PatchField field, JsonMap patch)
    {
        string mergeKey = field.MergeKey;
        Dictionary<ElementKey, JsonMap> before = [];
        foreach (JsonTree item in original) before[KeyOf((JsonMap)item, mergeKey)] = (JsonMap)item;
        HashSet<ElementKey> after = [];
        JsonList changes = [];
        JsonList order = [];
        foreach (JsonTree item in modified)
        {
            JsonMap element = (JsonMap)item;
            ElementKey elementKey = KeyOf(element, mergeKey);
            after.Add(elementKey);
            order.Add(new JsonMap { [mergeKey] = element[mergeKey] });
            if (!before.TryGetValue(elementKey, out JsonMap? beforeElement))
            {
                changes.Add(element.DeepClone());
                continue;
            }
            JsonMap change = Maps(beforeElement, element, field.Child, field.RetainKeys);
            if (change.Count == 0) continue;
            change[mergeKey] = element[mergeKey];
            changes.Add(change);
        }
        foreach ((ElementKey elementKey, JsonMap element) in before)
        {
            if (!after.Contains(elementKey))
                changes.Add(new JsonMap { [mergeKey] = element[mergeKey], [StrategicMergePatch.Directive] = "delete" });
        }
        if (changes.Count > 0) patch[key] = changes;
        if (order.Count > 0) patch[$"{StrategicMergePatch.SetElementOrder}/{key}"] = order;
    }

    private static ElementKey KeyOf(JsonMap element, string mergeKey) =>
        element.TryGet(mergeKey, out JsonTree? key)
            ? ElementKey.Of(key)
            : throw StrategicMergePatch.NoMergeKey(element, mergeKey);
}
