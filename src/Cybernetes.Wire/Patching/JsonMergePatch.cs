using Cybernetes.Objects;

namespace Cybernetes.Wire;

/// <summary>JSON Merge Patch (RFC 7386).</summary>
public static class JsonMergePatch
{
    /// <summary>Applies a patch document to an object's document.</summary>
    /// <param name="target">The object; taken over.</param>
    /// <param name="patch">The patch document.</param>
    /// <param name="context">Takes note of duplicate keys (fieldValidation Strict and Warn); null when they do not
    /// matter.</param>
    /// <exception cref="PatchException">The patch is no JSON.</exception>
    public static JsonTree Apply(JsonTree target, ReadOnlySpan<byte> patch, DecodeContext? context = null) => Merge(target, Parse(patch, context));

    /// <summary>The same for a document of our own making, of which only what the patch touches is read.</summary>
    /// <param name="document">The object.</param>
    /// <param name="dropsManaged">Whether metadata.managedFields may be left out where the patch says nothing of it.</param>
    /// <param name="patch">The patch document.</param>
    /// <param name="context">As above.</param>
    /// <exception cref="PatchException">The patch is no JSON.</exception>
    public static JsonTree Apply(ReadOnlyMemory<byte> document, bool dropsManaged, ReadOnlySpan<byte> patch, DecodeContext? context = null)
    {
        JsonTree tree = Parse(patch, context);
        return Merge(PatchTarget.Read(document, tree, dropsManaged), tree);
    }

    private static JsonTree Parse(ReadOnlySpan<byte> patch, DecodeContext? context)
    {
        JsonTree tree;
        try
        {
            tree = JsonTree.Parse(patch, context);
        }
        catch (ObjectDecodeException error)
        {
            throw new PatchException(
                PatchFailure.BadRequest, context is null ? "Invalid JSON Patch" : "error decoding patch: " + error.Message);
        }
        if (context is not null && tree is not JsonMap && !tree.IsNull)
        {
            throw new PatchException(
                PatchFailure.BadRequest,
                $"error decoding patch: json: cannot unmarshal {tree.GoKind} into Go value of type map[string]interface {{}}");
        }
        if (tree is JsonScalar) throw new PatchException(PatchFailure.BadRequest, "Invalid JSON Patch");
        return tree;
    }

    /// <summary>Merges; takes over both trees and answers the result, which may be the target itself.</summary>
    public static JsonTree Merge(JsonTree target, JsonTree patch)
    {
        if (patch is not JsonMap changes) return patch;
        JsonMap map = target as JsonMap ?? [];
        foreach ((string key, JsonTree value) in changes)
        {
            if (value.IsNull) map.Remove(key);
            else map[key] = Merge(map.Get(key) ?? JsonScalar.Null, value);
        }
        return map;
    }

    /// <summary>The smallest patch that turns one document into the other; neither is changed, the patch shares nothing with
    /// them.</summary>
    public static JsonMap Diff(JsonMap original, JsonMap modified)
    {
        JsonMap patch = [];
        foreach ((string key, JsonTree value) in modified)
        {
            JsonTree? before = original.Get(key);
            if (value.DeepEquals(before)) continue;
            if (before is JsonMap beforeMap && value is JsonMap valueMap) patch[key] = Diff(beforeMap, valueMap);
            else patch[key] = value.DeepClone();
        }
        foreach ((string key, _) in original)
        {
            if (!modified.ContainsKey(key)) patch[key] = JsonScalar.Null;
        }
        return patch;
    }
}
