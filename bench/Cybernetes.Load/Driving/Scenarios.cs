using Cybernetes.Load.Connections;
using Cybernetes.Load.Requests;

namespace Cybernetes.Load.Driving;

/// <summary>The list of scenarios, and what a client does in each.</summary>
internal static class Scenarios
{
    private const string MergePatch = "application/merge-patch+json";
    private const string StrategicPatch = "application/strategic-merge-patch+json";
    private const string ApplyPatch = "application/apply-patch+yaml";

    public static IReadOnlyList<(string Name, string Summary)> All { get; } =
    [
        ("create", "new objects, each with a name of its own"),
        ("get", "one object of those that are there, by chance"),
        ("update", "the whole object, with a new annotation"),
        ("patch", "a JSON merge patch of the annotation"),
        ("strategic", "a strategic merge patch of the annotation"),
        ("apply", "server-side apply of the annotation and a label, by force"),
        ("delete", "objects made before"),
        ("list", "all objects in one answer"),
        ("pages", "all objects in pages; a page is one request"),
        ("watch", "watchers, writers, and how long after its write each event comes"),
        ("mixed", "60 % get, 15 % update, 10 % patch, 10 % create, 5 % pages"),
    ];

    /// <summary>Whether objects have to be there before it begins.</summary>
    public static bool NeedsObjects(LoadSettings settings) =>
        settings.Scenario is not "create" && !(settings.Scenario == "watch" && settings.WatchCreates);

    public static OperationMix For(LoadSettings settings, int client, Action<long> listed)
    {
        // Numbers of new objects begin behind those that are there.
        var chance = new Random((settings.Seed * 7919) + client);
        return settings.Scenario switch
        {
            "watch" when settings.WatchCreates => new(One(settings, "create", chance)),
            "watch" => new(One(settings, "patch", chance)),
            "list" => new(new ListOperation(
                Exchange.Render(settings.Endpoint, settings.Draft("GET", settings.ListPath)), new StampScanner(IsProtobuf(settings)), listed)),
            "pages" when IsProtobuf(settings) => throw new ArgumentException("pages are read in JSON: the token is looked for in the text"),
            "pages" => new(new PagesOperation(settings.Endpoint, settings)),
            "mixed" => new(Mixed(settings, chance), chance),
            _ => new(One(settings, settings.Scenario, chance)),
        };
    }

    /// <summary>Creates what is not there.</summary>
    public static OperationMix Fill(LoadSettings settings) =>
        new(new SimpleOperation("fill", Template(settings, "create"), n => n, settings.Namespaces, tolerated: 409));

    private static bool IsProtobuf(LoadSettings settings) => settings.Accept.Contains("protobuf", StringComparison.Ordinal);

    private static IEnumerable<(int, Operation)> Mixed(LoadSettings settings, Random chance) =>
    [
        (60, One(settings, "get", chance)),
        (15, One(settings, "update", chance)),
        (10, One(settings, "patch", chance)),
        (10, One(settings, "create", chance)),
        (5, new PagesOperation(settings.Endpoint, settings with { Accept = "application/json" })),
    ];

    private static SimpleOperation One(LoadSettings settings, string name, Random chance)
    {
        Func<long, long> index = name switch
        {
            "create" => n => NeedsObjects(settings) ? settings.Objects + n : n,
            "delete" => n => n,
            _ => _ => chance.NextInt64(settings.Objects),
        };
        return new(name, Template(settings, name), index, settings.Namespaces);
    }

    private static RequestTemplate Template(LoadSettings settings, string name)
    {
        var body = settings.Body;
        var place = settings.NamespaceText;
        var collection = settings.CollectionPath;
        var path = $"{collection}/{body.Name}";
        return Exchange.Render(settings.Endpoint, name switch
        {
            "create" => settings.Draft("POST", collection, body.Whole(place)),
            "get" => settings.Draft("GET", path),
            "update" => settings.Draft("PUT", path, body.Whole(place)),
            "patch" => settings.Draft("PATCH", path, ObjectBody.Change, MergePatch),
            "strategic" => settings.Draft("PATCH", path, ObjectBody.Change, StrategicPatch),
            "apply" => settings.Draft("PATCH", path + "?fieldManager=cyb-load&force=true", body.Applied(place), ApplyPatch),
            "delete" => settings.Draft("DELETE", path),
            _ => throw new ArgumentException($"there is no scenario '{name}'"),
        });
    }
}
