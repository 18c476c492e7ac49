using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cybernetes.ApiServer.Authentication;
using Cybernetes.ApiServer.Registry;
using Cybernetes.Foundation;
using Cybernetes.Objects;

namespace Cybernetes.ApiServer.Tests.Registry;

/// <summary>Takes an object through the stages of a write without a server: defaults, strategy, checks; and shows its row.</summary>
internal static class KindBench
{
    /// <summary>Errors written in one text with bars between them; a bar that begins a quoted line of an expression is none of those.</summary>
    public static string[] Expected(string errors) =>
        [.. System.Text.RegularExpressions.Regex.Split(errors, "(?<!\n )\\|").Where(e => e.Length > 0)];

    public static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    /// <summary>What is wrong with a new object, one line each.</summary>
    public static List<string> CreateErrors(KindDefinition kind, string json)
    {
        var obj = Created(kind, json);
        var errors = new FieldErrorList();
        kind.Check(obj, errors);
        kind.CheckCreate(obj, errors);
        return [.. errors.Select(e => e.ToString())];
    }

    /// <summary>What is wrong with a change from one object to another.</summary>
    public static List<string> UpdateErrors(KindDefinition kind, string before, string after)
    {
        var old = Created(kind, before);
        var obj = Decode(kind, after);
        kind.ApplyDefaults(obj);
        kind.PrepareUpdate(obj, old, Context());
        var errors = new FieldErrorList();
        kind.Check(obj, errors);
        kind.CheckUpdate(obj, old, errors);
        return [.. errors.Select(e => e.ToString())];
    }

    /// <summary>What is wrong with a change of status.</summary>
    public static List<string> StatusErrors(KindDefinition kind, string before, string after)
    {
        var old = Decode(kind, before);
        kind.ApplyDefaults(old);
        var obj = Decode(kind, after);
        kind.ApplyDefaults(obj);
        kind.PrepareStatus(obj, old, Context());
        var errors = new FieldErrorList();
        kind.CheckStatus(obj, old, errors);
        return [.. errors.Select(e => e.ToString())];
    }

    /// <summary>A new object as it would be stored.</summary>
    public static IKubernetesObject Created(KindDefinition kind, string json)
    {
        var obj = Decode(kind, json);
        kind.ApplyDefaults(obj);
        kind.PrepareCreate(obj, Context());
        return obj;
    }

    /// <summary>An updated object as it would be stored.</summary>
    public static IKubernetesObject Updated(KindDefinition kind, IKubernetesObject old, string json)
    {
        var obj = Decode(kind, json);
        kind.ApplyDefaults(obj);
        kind.PrepareUpdate(obj, old, Context());
        return obj;
    }

    /// <summary>The object's JSON after defaults only.</summary>
    public static string Defaulted(KindDefinition kind, string json)
    {
        var obj = Decode(kind, json);
        kind.ApplyDefaults(obj);
        return Json(obj);
    }

    public static string Json(IKubernetesObject obj)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, JsonLimits.WriterOptions))
            obj.WriteJson(writer);
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    /// <summary>An object sent in another version, as it is stored: converted and defaulted.</summary>
    public static IKubernetesObject Received(KindDefinition kind, string apiVersion, string json)
    {
        var bytes = Encoding.UTF8.GetBytes(json);
        var reader = new Utf8JsonReader(bytes);
        reader.Read();
        var obj = VersionOf(kind, apiVersion).Decode(ref reader, new DecodeContext(collectStrict: false) { Source = bytes });
        obj.APIVersion = kind.Served[0].APIVersion;
        obj.Kind = kind.Kind;
        kind.ApplyDefaults(obj);
        return obj;
    }

    /// <summary>A stored object's JSON in another version.</summary>
    public static string Given(KindDefinition kind, string apiVersion, IKubernetesObject stored)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, JsonLimits.WriterOptions))
            VersionOf(kind, apiVersion).Encode(stored, writer);
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    /// <summary>The cells of an object's row.</summary>
    public static string Row(KindDefinition kind, string json)
    {
        var cells = kind.Row(Decode(kind, json), Now);
        return string.Join(" | ", cells.Select(c => c?.ToString()));
    }

    public static bool SameJson(string left, string right) => JsonNode.DeepEquals(JsonNode.Parse(left), JsonNode.Parse(right));

    public static IKubernetesObject Decode(KindDefinition kind, string json) => kind.DecodeStored(Encoding.UTF8.GetBytes(json));

    private static ServedVersion VersionOf(KindDefinition kind, string apiVersion) => kind.Served.Single(v => v.APIVersion == apiVersion);

    private static WriteContext Context() => new()
    {
        User = UserInfo.Authenticated("tester", []), Now = Now, Namespace = "default", Identities = IdentitySource.Seeded(1),
    };
}
