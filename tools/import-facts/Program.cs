// Reads the public Go API types of Kubernetes (Debian's golang-k8s-api-dev, -apimachinery-dev, -apiextensions-apiserver-dev, -metrics-dev,
// unpacked) and writes one facts file a group and version.
//   dotnet run --project tools/import-facts -- GO_SRC_ROOT src/Cybernetes.Objects/Facts
using System.Text.RegularExpressions;
using Cybernetes.Tools.ImportFacts;

if (args.Length != 2)
{
    Console.Error.WriteLine("usage: import-facts GO_SRC_ROOT OUT_FOLDER   (GO_SRC_ROOT holds k8s.io/api, k8s.io/apimachinery …)");
    return 2;
}
var root = args[0];
var packages = Packages.Discover(root).ToDictionary(p => p.Path, StringComparer.Ordinal);
var loaded = new Dictionary<string, GoPackage>(StringComparer.Ordinal);
var writer = new FactsWriter(packages, Load);
foreach (var name in packages.Values)
{
    var file = Path.Combine(args[1], name.Short.Replace('/', '.') + ".facts");
    File.WriteAllText(file, writer.Write(name));
    Console.WriteLine($"{file}: {Load(name.Path).Structs.Count} types");
}
return 0;

GoPackage Load(string path)
{
    if (loaded.TryGetValue(path, out var known))
        return known;
    var package = loaded[path] = new GoPackage();
    foreach (var file in Directory.GetFiles(Path.Combine(root, path), "*.go").Order(StringComparer.Ordinal))
    {
        var name = Path.GetFileName(file);
        if (name.EndsWith("_test.go") || name.Contains("generated") || name is "doc.go" or "register.go" || name.Contains("conversion"))
            continue;
        if (name.StartsWith("types") || Regex.IsMatch(name, "^(well_known_|annotation_key|duration|time|micro_time|fieldsv1|group_version)"))
            GoSource.Read(file, package);
    }
    return package;
}

/// <summary>Which packages hold API types, and for which of them classes are made.</summary>
internal static partial class Packages
{
    /// <summary>Versions whose typed classes our own code uses: the storage versions and what the clients of ours speak.</summary>
    private static readonly HashSet<string> s_classes = new(StringComparer.Ordinal)
    {
        "core/v1", "apps/v1", "batch/v1", "meta/v1", "discovery/v1", "events/v1", "coordination/v1", "policy/v1", "autoscaling/v1", "autoscaling/v2",
        "authentication/v1", "authorization/v1", "certificates/v1", "networking/v1", "node/v1", "rbac/v1", "scheduling/v1", "storage/v1",
        "admission/v1", "admissionregistration/v1", "apiextensions/v1", "flowcontrol/v1", "apidiscovery/v2", "metrics/v1beta1",
        "apps/v1beta1", "apps/v1beta2", "batch/v1beta1", "extensions/v1beta1", "policy/v1beta1",
        "scheduling/v1alpha2", "node/v1alpha1", "coordination/v1beta1", "discovery/v1beta1", "certificates/v1beta1", "flowcontrol/v1beta1",
        "flowcontrol/v1beta2", "resource/v1", "resource/v1beta1", "resource/v1beta2", "resource/v1alpha3", "apiserverinternal/v1alpha1",
        "storagemigration/v1beta1", "authorization/v1beta1",
        "networking/v1beta1", "rbac/v1alpha1",
    };

    public static IEnumerable<PackageName> Discover(string root)
    {
        foreach (var folder in Directory.GetDirectories(Path.Combine(root, "k8s.io/api"), "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            if (Version().IsMatch(Path.GetFileName(folder)) && File.Exists(Path.Combine(folder, "types.go")))
                yield return Name(root, folder, GroupOf(Path.Combine(folder, "register.go")));
        }
        yield return Name(root, Path.Combine(root, "k8s.io/apimachinery/pkg/apis/meta/v1"), "meta.k8s.io");
        yield return Name(root, Path.Combine(root, "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"), "apiextensions.k8s.io");
        yield return Name(root, Path.Combine(root, "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1beta1"), "apiextensions.k8s.io");
        yield return Name(root, Path.Combine(root, "k8s.io/metrics/pkg/apis/metrics/v1beta1"), "metrics.k8s.io");
    }

    private static PackageName Name(string root, string folder, string group)
    {
        var version = Path.GetFileName(folder);
        var name = Path.GetFileName(Path.GetDirectoryName(folder)!) + "/" + version;
        return new PackageName(Path.GetRelativePath(root, folder), group, version, name, s_classes.Contains(name));
    }

    private static string GroupOf(string registerFile) =>
        GroupName().Match(File.ReadAllText(registerFile)) is { Success: true } match ? match.Groups[1].Value : "";

    [GeneratedRegex("""^v\d+((alpha|beta)\d+)?$""")]
    private static partial Regex Version();

    [GeneratedRegex("""GroupName\s*=\s*"([^"]*)"(?=\s)""")]
    private static partial Regex GroupName();
}
