using System.Globalization;
using Cybernetes.Objects;

namespace Cybernetes.Wire;

/// <summary>
/// JSON Patch (RFC 6902) as upstream's library has it: replace sets a missing key of an object, a missing key reads as null,
/// negative indexes count from the end. Errors carry its texts.
/// </summary>
public sealed class JsonPatch
{
    private const string Missing = "missing value";
    private readonly JsonList _operations;

    private JsonPatch(JsonList operations) => _operations = operations;

    /// <summary>Unknown and duplicate fields of the operations, as <c>json patch unknown field "[0].foo"</c>.</summary>
    public IReadOnlyList<string> StrictFindings { get; private init; } = [];

    /// <summary>Parses a patch document.</summary>
    /// <param name="utf8">The document.</param>
    /// <param name="context">Takes note of unknown and duplicate fields of the operations; null when they do not matter.</param>
    /// <exception cref="PatchException">Malformed, or too many operations.</exception>
    public static JsonPatch Parse(ReadOnlySpan<byte> utf8, DecodeContext? context = null)
    {
        JsonTree tree;
        try
        {
            tree = JsonTree.Parse(utf8, context);
        }
        catch (ObjectDecodeException error)
        {
            throw Malformed(error.Message, context);
        }
        if (tree.IsNull) return new JsonPatch([]);
        // Upstream decodes twice when it looks for unknown fields, into types of different names.
        string type = context is null ? "jsonpatch.Patch" : "[]handlers.jsonPatchOp";
        if (tree is not JsonList list)
            throw Malformed($"json: cannot unmarshal {tree.GoKind} into Go value of type {type}", context);
        type = context is null ? "jsonpatch.Operation" : "handlers.jsonPatchOp";
        foreach (JsonTree operation in list)
        {
            if (operation is not JsonMap)
                throw Malformed($"json: cannot unmarshal {operation.GoKind} into Go value of type {type}", context);
        }
        if (list.Count > WireLimits.MaximumPatchOperations)
        {
            throw new PatchException(
                PatchFailure.TooLarge,
                $"The allowed maximum operations in a JSON patch is {WireLimits.MaximumPatchOperations}, got {list.Count}");
        }
        return new JsonPatch(list) { StrictFindings = context is null ? [] : Findings(list, context) };
    }

    /// <summary>Applies every operation in order; takes over the target and answers the result.</summary>
    /// <exception cref="PatchException">An operation cannot be applied. The target may then be half changed.</exception>
    public JsonTree Apply(JsonTree target)
    {
        Run run = new(target);
        foreach (JsonTree operation in _operations) run.Apply((JsonMap)operation);
        return run.Document;
    }

    private static PatchException Malformed(string message, DecodeContext? context) =>
        new(PatchFailure.BadRequest, context is null ? message : "error decoding patch: " + message);

    private static List<string> Findings(JsonList operations, DecodeContext context)
    {
        List<string> findings = [.. context.StrictFindings.Select(finding => "json patch " + finding)];
        for (int i = 0; i < operations.Count && findings.Count < 100; i++)
        {
            foreach ((string key, _) in (JsonMap)operations[i])
            {
                if (key is not ("op" or "path" or "from" or "value"))
                    findings.Add($"json patch unknown field {GoText.Quote($"[{i}].{key}")}");
            }
        }
        return findings;
    }

    /// <summary>One application: the document as it stands, and what copies have added.</summary>
    private sealed class Run(JsonTree document)
    {
        private long _copied;

        public JsonTree Document { get; private set; } = document;

        public void Apply(JsonMap operation)
        {
            string kind = operation.String("op") ?? "unknown";
            switch (kind)
            {
                case "add": Add(operation); break;
                case "remove": Remove(operation); break;
                case "replace": Replace(operation); break;
                case "move": Move(operation); break;
                case "test": Test(operation); break;
                case "copy": Copy(operation); break;
                default: throw Fail("Unexpected kind: " + kind);
            }
        }

        private void Add(JsonMap operation)
        {
            string path = operation.String("path") ?? throw Fail($"add operation failed to decode path: {Missing}");
            if (Find(path, out string key) is not { } container)
                throw Fail($"add operation does not apply: doc is missing path: \"{path}\": {Missing}");
            Insert(container, key, Value(operation), $"error in add for path: '{path}': ");
        }

        private void Remove(JsonMap operation)
        {
            string path = operation.String("path") ?? throw Fail($"remove operation failed to decode path: {Missing}");
            if (Find(path, out string key) is not { } container)
                throw Fail($"remove operation does not apply: doc is missing path: \"{path}\": {Missing}");
            Delete(container, key, $"error in remove for path: '{path}': ");
        }

        private void Replace(JsonMap operation)
        {
            string path = Path(operation, "replace");
            JsonTree value = Value(operation);
            if (path.Length == 0)
            {
                if (value is JsonScalar) throw Fail("replace operation value must be object or array: %!w(<nil>)");
                Document = value;
                return;
            }
            if (Find(path, out string key) is not { } container)
                throw Fail($"replace operation does not apply: doc is missing path: {path}: {Missing}");
            if (container is JsonMap map)
            {
                map[key] = value;
                return;
            }
            JsonList list = (JsonList)container;
            if (!TryIndex(key, list.Count, out int index, out _) || index >= list.Count)
                throw Fail($"replace operation does not apply: doc is missing key: {path}: {Missing}");
            list[index] = value;
        }

        private void Move(JsonMap operation)
        {
            string from = From(operation, "move");
            if (Find(from, out string key) is not { } container)
                throw Fail($"move operation does not apply: doc is missing from path: {from}: {Missing}");
            JsonTree value = Get(container, key, $"error in move for path: '{key}': ") ?? JsonScalar.Null;
            Delete(container, key, $"error in move for path: '{key}': ");
            string path = Path(operation, "move");
            if (Find(path, out key) is not { } destination)
                throw Fail($"move operation does not apply: doc is missing destination path: {path}: {Missing}");
            Insert(destination, key, value, $"error in move for path: '{path}': ");
        }

        private void Test(JsonMap operation)
        {
            string path = Path(operation, "test");
            JsonTree? expected = operation.Get("value");
            JsonTree? actual = Document;
            if (path.Length > 0)
            {
                if (Find(path, out string key) is not { } container)
                    throw Fail($"test operation does not apply: is missing path: {path}: {Missing}");
                actual = Get(container, key, $"error in test for path: '{path}': ");
            }
            bool equal = actual is null or JsonScalar { Kind: JsonScalarKind.Null }
                ? expected is null or JsonScalar { Kind: JsonScalarKind.Null }
                : actual.DeepEquals(expected);
            if (!equal) throw Fail($"testing value {path} failed: test failed");
        }

        private void Copy(JsonMap operation)
        {
            string from = From(operation, "copy");
            if (Find(from, out string key) is not { } container)
                throw Fail($"copy operation does not apply: doc is missing from path: {from}: {Missing}");
            JsonTree value = Get(container, key, $"error in copy for from: '{from}': ") ?? JsonScalar.Null;
            string path = operation.String("path") ?? throw Fail($"copy operation failed to decode path: {Missing}");
            if (Find(path, out key) is not { } destination)
                throw Fail($"copy operation does not apply: doc is missing destination path: {path}: {Missing}");
            _copied += value.ToUtf8().Length;
            if (_copied > WireLimits.MaximumPatchCopyBytes)
            {
                throw Fail(
                    $"Unable to complete the copy, the accumulated size increase of copy is {_copied}, "
                    + $"exceeding the limit {WireLimits.MaximumPatchCopyBytes}");
            }
            Insert(destination, key, value.DeepClone(), "error while adding value during copy: ");
        }

        private static string Path(JsonMap operation, string kind) =>
            operation.String("path")
                ?? throw Fail($"{kind} operation failed to decode path: operation missing path field: {Missing}");

        private static string From(JsonMap operation, string kind) =>
            operation.String("from")
                ?? throw Fail($"{kind} operation failed to decode from: operation, missing from field: {Missing}");

        // The patch stays usable for another try, so values are copied out of it.
        private static JsonTree Value(JsonMap operation) => operation.Get("value")?.DeepClone() ?? JsonScalar.Null;

        /// <summary>The container a pointer's last part lies in; null when a part on the way is missing.</summary>
        private JsonTree? Find(string pointer, out string key)
        {
            string[] parts = pointer.Split('/');
            key = "";
            if (parts.Length < 2) return null;
            JsonTree? current = Document;
            for (int i = 1; i < parts.Length - 1; i++)
            {
                string part = Unescape(parts[i]);
                current = current switch
                {
                    JsonMap map => map.Get(part),
                    JsonList list when TryIndex(part, list.Count, out int index, out _) && index < list.Count => list[index],
                    _ => null,
                };
                if (current is null or JsonScalar) return null;
            }
            key = Unescape(parts[^1]);
            return current;
        }

        private static JsonTree? Get(JsonTree container, string key, string prefix)
        {
            if (container is JsonMap map) return map.Get(key);
            JsonList list = (JsonList)container;
            if (!TryIndex(key, list.Count, out int index, out string error)) throw Fail(prefix + error);
            return index < list.Count ? list[index] : throw Fail(prefix + InvalidIndex(index));
        }

        private static void Insert(JsonTree container, string key, JsonTree value, string prefix)
        {
            if (container is JsonMap map)
            {
                map[key] = value;
                return;
            }
            JsonList list = (JsonList)container;
            if (key == "-")
            {
                list.Add(value);
                return;
            }
            if (!TryIndex(key, list.Count + 1, out int index, out string error))
                throw Fail(prefix + (IsInteger(key) ? error : $"value was not a proper array index: '{key}': {error}"));
            if (index > list.Count) throw Fail(prefix + InvalidIndex(index));
            list.Insert(index, value);
        }

        private static void Delete(JsonTree container, string key, string prefix)
        {
            if (container is JsonMap map)
            {
                if (!map.Remove(key)) throw Fail($"{prefix}Unable to remove nonexistent key: {key}: {Missing}");
                return;
            }
            JsonList list = (JsonList)container;
            if (!TryIndex(key, list.Count, out int index, out string error)) throw Fail(prefix + error);
            if (index >= list.Count) throw Fail(prefix + InvalidIndex(index));
            list.RemoveAt(index);
        }

        /// <summary>An index, negative ones counted from the end; false with the reason when it is none, or is before the
        /// start.</summary>
        private static bool TryIndex(string key, int count, out int index, out string error)
        {
            error = "";
            if (!int.TryParse(key, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out index))
            {
                error = $"strconv.Atoi: parsing {GoText.Quote(key)}: invalid syntax";
                return false;
            }
            if (index >= 0) return true;
            if (index < -count)
            {
                error = InvalidIndex(index);
                return false;
            }
            index += count;
            return true;
        }

        private static bool IsInteger(string key) =>
            int.TryParse(key, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _);

        private static string InvalidIndex(int index) => $"Unable to access invalid index: {index}: invalid index referenced";

        private static string Unescape(string part) =>
            part.Contains('~')
                ? part.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal)
                : part;

        private static PatchException Fail(string message) => new(PatchFailure.Unprocessable, message);
    }
}
