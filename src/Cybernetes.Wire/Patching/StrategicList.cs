namespace Cybernetes.Wire;

/// <summary>
/// Lists under strategic merge: elements told apart by a merge key, or scalars as a set. The order of the result is the patch's
/// for what
/// the patch names, the target's for the rest, interleaved as upstream does. Linear in the lists' lengths but for sorting.
/// </summary>
internal static class StrategicList
{
    /// <summary>Merges a patch's list into the target's; takes over both.</summary>
    public static JsonList Merge(JsonList target, JsonList patch, in PatchField field, bool isDeleteList)
    {
        if (target.Count == 0 && patch.Count == 0) return target;
        bool maps = ElementType(target, patch) == "map";
        if (!maps && isDeleteList)
        {
            HashSet<ElementKey> deleted = [.. patch.Select(item => ElementKey.Of(item))];
            target.RemoveAll(item => deleted.Contains(ElementKey.Of(item)));
            return target;
        }
        if (!maps) return Arrange([.. target.Concat(patch)], patch, target, "", removeDuplicates: true);
        if (field.MergeKey.Length == 0)
            throw new PatchException(PatchFailure.Internal, $"cannot merge lists without merge key for {field.Child.GoKind}");

        ApplySpecialElements(ref target, ref patch, field.MergeKey);
        JsonList merged = MergeElements(target, patch, field);
        return Arrange(merged, patch, target, field.MergeKey);
    }

    /// <summary>Merges and puts the result into the order of a $setElementOrder list.</summary>
    public static JsonList MergeInOrder(JsonList? target, JsonList? patch, JsonList order, in PatchField field)
    {
        // The order the target had decides where elements go that the directive does not name.
        JsonList before = target is null ? [] : new JsonList(target);
        string type = ElementType(before, patch ?? []);
        if (type == "map" && field.MergeKey.Length == 0)
            throw new PatchException(PatchFailure.Internal, $"cannot merge lists without merge key for {field.Child.GoKind}");
        JsonList merged = (target, patch) switch
        {
            (not null, null) => target,
            (null, _) => (JsonList)StrategicMergePatch.WithoutDirectives(patch!)!,
            _ => field.Strategy == "merge" ? Merge(target, patch, field, isDeleteList: false) : patch,
        };
        return Arrange(merged, order, before, field.MergeKey);
    }

    /// <summary>Checks that a patch's list holds nothing that its $setElementOrder list does not name, in the same
    /// order.</summary>
    public static void CheckOrder(JsonList? patch, JsonList order, string mergeKey)
    {
        if (patch is null || patch.Count == 0 || order.Count == 0) return;
        int at = 0;
        foreach (JsonTree item in patch)
        {
            if (mergeKey.Length > 0 && item is not JsonMap)
                throw StrategicMergePatch.BadArgument("map[string]interface {}", item);
            if (item is JsonMap map && map.ContainsKey(StrategicMergePatch.Directive)) continue;
            ElementKey key = KeyOf(item, mergeKey);
            while (at < order.Count && KeyOf(order[at], mergeKey) != key) at++;
            if (at++ < order.Count) continue;
            throw new PatchException(
                PatchFailure.Internal,
                $"The order in patch list:\n{patch.ToGo()}\n doesn't match {StrategicMergePatch.SetElementOrder} list:\n{order.ToGo()}\n");
        }
    }

    private static void ApplySpecialElements(ref JsonList target, ref JsonList patch, string mergeKey)
    {
        JsonList plain = [];
        HashSet<ElementKey> deleted = [];
        bool replace = false;
        foreach (JsonTree item in patch)
        {
            JsonMap element = (JsonMap)item;
            if (!element.TryGet(StrategicMergePatch.Directive, out JsonTree? directive))
            {
                plain.Add(element);
                continue;
            }
            switch (directive.AsString)
            {
                case "delete":
                    deleted.Add(KeyOf(element, mergeKey));
                    break;
                case "replace":
                    replace = true;
                    break;
                case "merge":
                    throw new PatchException(PatchFailure.Internal, "merging lists cannot yet be specified in the patch");
                default:
                    throw StrategicMergePatch.BadPatchType(directive, element);
            }
        }
        if (replace)
        {
            target = plain;
            patch = [];
            return;
        }
        if (deleted.Count > 0)
            target.RemoveAll(item => ((JsonMap)item).TryGet(mergeKey, out JsonTree? key) && deleted.Contains(ElementKey.Of(key)));
        patch = plain;
    }

    private static JsonList MergeElements(JsonList target, JsonList patch, in PatchField field)
    {
        JsonList merged = new(target);
        Dictionary<ElementKey, int> positions = [];
        for (int i = 0; i < target.Count; i++)
        {
            if (((JsonMap)target[i]).TryGet(field.MergeKey, out JsonTree? key)) positions.TryAdd(ElementKey.Of(key), i);
        }
        foreach (JsonTree item in patch)
        {
            JsonMap element = (JsonMap)item;
            ElementKey key = KeyOf(element, field.MergeKey);
            if (positions.TryGetValue(key, out int position))
            {
                // A patch may name an element twice: the second then merges into a copy of the first, which the list of the order
                // keeps.
                merged[position] =
                    StrategicMergePatch.Apply((JsonMap)merged[position], (JsonMap)element.DeepClone(), field.Child);
                continue;
            }
            positions.Add(key, merged.Count);
            merged.Add(element);
        }
        return merged;
    }

    /// <summary>
    /// Splits the merged elements in those the first order names and the rest, sorts each by its order, and interleaves them: a
    /// rest
    /// element goes before the next named one when the second order has it so.
    /// </summary>
    private static JsonList Arrange(JsonList merged, JsonList first, JsonList second, string mergeKey,
        bool removeDuplicates = false)
    {
        Dictionary<ElementKey, int> firstOrder = Positions(first, mergeKey);
        Dictionary<ElementKey, int> secondOrder = Positions(second, mergeKey);
        List<(ElementKey Key, JsonTree Item)> named = [];
        List<(ElementKey Key, JsonTree Item)> rest = [];
        HashSet<ElementKey> seen = [];
        foreach (JsonTree item in merged)
        {
            ElementKey key = KeyOf(item, mergeKey);
            if (removeDuplicates && !seen.Add(key)) continue;
            (firstOrder.ContainsKey(key) ? named : rest).Add((key, item));
        }
        named = [.. named.OrderBy(element => firstOrder[element.Key])];
        rest = [.. rest.OrderBy(element => secondOrder.GetValueOrDefault(element.Key, int.MaxValue))];

        JsonList result = [];
        int left = 0;
        int right = 0;
        while (left < rest.Count || right < named.Count)
        {
            bool takeRest = right >= named.Count
                || (left < rest.Count
                    && secondOrder.TryGetValue(rest[left].Key, out int leftAt)
                    && secondOrder.TryGetValue(named[right].Key, out int rightAt)
                    && leftAt < rightAt);
            result.Add(takeRest ? rest[left++].Item : named[right++].Item);
        }
        return result;
    }

    private static Dictionary<ElementKey, int> Positions(JsonList list, string mergeKey)
    {
        Dictionary<ElementKey, int> positions = new(list.Count);
        for (int i = 0; i < list.Count; i++) positions.TryAdd(KeyOf(list[i], mergeKey), i);
        return positions;
    }

    private static ElementKey KeyOf(JsonTree item, string mergeKey)
    {
        if (mergeKey.Length == 0) return ElementKey.Of(item);
        if (item is not JsonMap map) throw StrategicMergePatch.BadArgument("map[string]interface {}", item);
        return map.TryGet(mergeKey, out JsonTree? key) ? ElementKey.Of(key) : throw StrategicMergePatch.NoMergeKey(map, mergeKey);
    }

    /// <summary>The one type of all elements of both lists.</summary>
    internal static string ElementType(JsonList left, JsonList right)
    {
        string? type = null;
        foreach (JsonTree item in left.Concat(right))
        {
            string kind = StrategicMergePatch.ElementKind(item);
            if (kind == "slice") throw new PatchException(PatchFailure.Unprocessable, "lists of lists are not supported");
            if (type is not null && type != kind)
            {
                throw new PatchException(
                    PatchFailure.Internal, $"list element types are not identical: [{left.ToGo()} {right.ToGo()}]");
            }
            type = kind;
        }
        return type ?? throw new PatchException(PatchFailure.Internal, "no elements in any of the given slices");
    }

    /// <summary>A scalar as a key to find elements by.</summary>
    internal readonly record struct ElementKey(JsonScalarKind Kind, string Text)
    {
        public static ElementKey Of(JsonTree value) => value is JsonScalar scalar
            ? new ElementKey(scalar.Kind, scalar.Text)
            : throw new PatchException(PatchFailure.Internal, $"unknown type: {value.GoKind} as a key of a list's element");
    }
}
