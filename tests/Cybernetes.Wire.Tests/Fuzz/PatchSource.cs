using System.Text;

namespace Cybernetes.Wire.Tests;

/// <summary>The forms of patches.</summary>
internal enum PatchForm
{
    Json,
    Merge,
    Strategic,
    Apply,
}

/// <summary>Patches of an object that mostly say something about it, and sometimes nothing that can be understood.</summary>
internal sealed class PatchSource(FuzzSource source, JsonMap target)
{
    /// <summary>A patch and its form, apply left out.</summary>
    public string Next(out PatchForm form)
    {
        form = source.Pick([PatchForm.Json, PatchForm.Merge, PatchForm.Strategic]);
        return Of(form);
    }

    /// <summary>A patch of one form.</summary>
    public string Of(PatchForm form)
    {
        var text = form switch
        {
            PatchForm.Json => Operations(),
            PatchForm.Apply => Cut(target, 0.5).ToString(),
            _ => Merge(form == PatchForm.Strategic).ToString(),
        };
        return source.OneIn(3) ? Encoding.UTF8.GetString(source.Mutate(Encoding.UTF8.GetBytes(text))) : text;
    }

    private string Operations()
    {
        var operations = new JsonList();
        for (var n = source.Random.Next(1, 6); n > 0; n--)
        {
            var operation = new JsonMap { ["op"] = source.Pick(["add", "remove", "replace", "move", "copy", "test", "nonsense", ""]) };
            operation["path"] = Path();
            if (source.OneIn(2))
                operation["from"] = Path();
            if (!source.OneIn(4))
                operation["value"] = Value();
            operations.Add(operation);
        }
        return operations.ToString();
    }

    private string Path()
    {
        var path = new StringBuilder();
        JsonTree at = target;
        for (var n = source.Random.Next(0, 7); n > 0; n--)
        {
            path.Append('/');
            if (source.OneIn(8))
            {
                path.Append(source.Pick(["-", "-1", "99999999999999999999", "~", "~2", "", "é", "a~1b", "00", "2147483648"]));
                continue;
            }
            switch (at)
            {
                case JsonMap { Count: > 0 } map:
                    var key = source.Pick(map.Keys.ToList());
                    path.Append(key.Replace("~", "~0").Replace("/", "~1"));
                    at = map[key];
                    break;
                case JsonList { Count: > 0 } list:
                    var index = source.Random.Next(list.Count);
                    path.Append(index);
                    at = list[index];
                    break;
                default:
                    path.Append('x');
                    break;
            }
        }
        return path.ToString();
    }

    private JsonTree Value() => source.Random.Next(6) switch
    {
        0 => JsonScalar.Null,
        1 => 5L,
        2 => "text",
        3 => new JsonMap { ["a"] = new JsonList(["b"]) },
        4 => new JsonList([new JsonMap { ["name"] = "a" }, 1L, JsonScalar.Null]),
        _ => target.DeepClone(),
    };

    private JsonTree Merge(bool strategic)
    {
        var patch = (JsonMap)Cut(target, 0.4);
        if (!strategic)
            return patch;
        foreach (var map in Maps(patch).ToList())
        {
            if (!source.OneIn(3))
                continue;
            switch (source.Random.Next(5))
            {
                case 0: map["$patch"] = source.Pick(["replace", "delete", "merge", "other", ""]); break;
                case 1: map["$retainKeys"] = new JsonList([.. map.Keys.Take(2).Select(k => (JsonTree)k)]); break;
                case 2: map["$setElementOrder/" + source.Pick(["containers", "volumes", "finalizers", "x"])] = Value(); break;
                case 3: map["$deleteFromPrimitiveList/" + source.Pick(["finalizers", "args", "x"])] = Value(); break;
                default: map["$patch"] = Value(); break;
            }
        }
        return patch;
    }

    private static IEnumerable<JsonMap> Maps(JsonTree tree)
    {
        switch (tree)
        {
            case JsonMap map:
                yield return map;
                foreach (var (_, value) in map.Snapshot())
                {
                    foreach (var inner in Maps(value))
                        yield return inner;
                }
                break;
            case JsonList list:
                foreach (var inner in list.SelectMany(Maps))
                    yield return inner;
                break;
        }
    }

    /// <summary>A part of a tree, some of it changed.</summary>
    private JsonTree Cut(JsonTree tree, double keep)
    {
        switch (tree)
        {
            case JsonMap map:
                var part = new JsonMap();
                foreach (var (key, value) in map)
                {
                    if (source.Random.NextDouble() < keep || key is "name" or "kind" or "apiVersion" or "metadata")
                        part[key] = source.OneIn(10) && key is not ("kind" or "apiVersion" or "metadata") ? Value() : Cut(value, keep);
                }
                return part;
            case JsonList list:
                return new JsonList([.. list.Where(_ => source.Random.NextDouble() < 0.8).Select(item => Cut(item, keep))]);
            default:
                return tree;
        }
    }
}
