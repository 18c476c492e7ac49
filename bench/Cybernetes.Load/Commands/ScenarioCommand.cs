using Cybernetes.Client.Kubeconfig;
using Cybernetes.Load.Connections;
using Cybernetes.Load.Driving;
using Cybernetes.Load.Reporting;

namespace Cybernetes.Load.Commands;

/// <summary><c>cyb-load create</c> and its like: one scenario against the server of a kubeconfig.</summary>
internal static class ScenarioCommand
{
    public static IReadOnlyList<(string Name, string Value, string About)> Described { get; } =
    [
        ("kubeconfig", "FILE", "whom to ask and as whom; default: $KUBECONFIG, ~/.kube/config"),
        ("context", "NAME", "the kubeconfig's context; default: the current one"),
        ("clients", "N", "connections with one request at a time each; with watch: the writers (default 16)"),
        ("seconds", "S", "how long to measure (default 10)"),
        ("count", "N", "how many requests to measure, instead of a time"),
        ("warm-up", "S", "the same work before it counts (default 2)"),
        ("resource", "NAME", "configmaps (default) or pods"),
        ("bytes", "N", "an object's size as it is sent (default 1024, pods 2048)"),
        ("namespace", "NAME", "where; made when missing (default load)"),
        ("namespaces", "N", "spread over N of them: NAME-000 and so on"),
        ("prefix", "TEXT", "how the objects' names begin (default load-; for create one of its own for each run)"),
        ("objects", "N", "objects that have to be there before; missing ones are made (default 1000)"),
        ("limit", "N", "objects a page (default 500)"),
        ("accept", "FORMAT", "json (default) or protobuf"),
        ("gzip", "", "accept compressed answers"),
        ("http2", "", "HTTP/2 instead of HTTP/1.1"),
        ("watchers", "N", "watches of the collection (default 200)"),
        ("update", "", "watch: change objects that are there instead of making new ones"),
        ("rate", "N", "requests a second of all clients together; default: as fast as they are answered"),
        ("pid", "N,N", "the server's processes on this machine: their memory and processor time are shown"),
        ("json", "FILE", "write the figures there ('-': to standard output)"),
        ("html", "FILE", "write a report with plots there"),
    ];

    public static string[] Options { get; } = [.. Described.Select(d => d.Name)];

    public static int Run(string scenario, Arguments arguments, TextWriter output, TextWriter errors)
    {
        var settings = Settings(scenario, arguments);
        var result = new LoadRun(settings, Console.IsErrorRedirected ? null : errors).Run();
        var report = new Report { Title = $"{scenario} on {settings.Endpoint.Authority}", Subjects = [new("server", [result])] };
        if (arguments.Text("json", "") != "-")
            ReportTable.Write(report, output);
        ReportFiles.Write(report, arguments.Text("json", ""), arguments.Text("html", ""), output);
        return result.Errors.Count == 0 ? 0 : 1;
    }

    private static LoadSettings Settings(string scenario, Arguments arguments)
    {
        var paths = KubeconfigFile.DefaultPaths(arguments.Text("kubeconfig", ""), Environment.GetEnvironmentVariable);
        var access = KubeconfigFile.LoadMerged(paths).Resolve(arguments.Text("context", ""));
        var objects = arguments.Number("objects", 1000, 1);
        var isDelete = scenario == "delete";
        // A run's new objects must not meet those of the run before.
        var ownPrefix = scenario is "create" or "watch" or "mixed" ? $"load-{TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() % 1_000_000:x}-" : "load-";
        return new()
        {
            Endpoint = Endpoint.Of(access, arguments.Flag("http2")), Scenario = scenario,
            Clients = arguments.Number("clients", 16, 1), Seconds = arguments.Decimal("seconds", 10),
            // Each object can be deleted once.
            Count = isDelete ? objects : arguments.Number("count", 0), WarmUpSeconds = isDelete ? 0 : arguments.Decimal("warm-up", 2),
            Resource = arguments.Text("resource", "configmaps"), Bytes = arguments.Number("bytes", 0),
            Namespace = arguments.Text("namespace", "load"), Namespaces = arguments.Number("namespaces", 1, 1),
            Prefix = arguments.Text("prefix", ownPrefix), Objects = objects, Limit = arguments.Number("limit", 500, 1),
            Accept = AcceptOf(arguments.Text("accept", "json")), Gzip = arguments.Flag("gzip"),
            Watchers = arguments.Number("watchers", 200, 1), WatchCreates = !arguments.Flag("update"), Rate = arguments.Decimal("rate", 0),
            ProcessIds = arguments.Numbers("pid"),
        };
    }

    private static string AcceptOf(string format) => format switch
    {
        "json" => "application/json",
        "protobuf" => "application/vnd.kubernetes.protobuf",
        _ => throw new ArgumentsException($"--accept {format}: json or protobuf"),
    };
}
