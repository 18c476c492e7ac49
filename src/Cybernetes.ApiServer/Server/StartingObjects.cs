namespace Cybernetes.ApiServer.Server;

/// <summary>An object that every cluster has: where it is created, its name and its JSON.</summary>
internal sealed record StartingObject(string Group, string Plural, string Name, string Json)
{
    public string Path => $"/apis/{Group}/v1/{Plural}";
}

/// <summary>The objects without a namespace that are made at start where they are missing: priority classes, priority levels, flow schemas.</summary>
internal static class StartingObjects
{
    private const string Scheduling = "scheduling.k8s.io";
    private const string FlowControl = "flowcontrol.apiserver.k8s.io";
    private const string AnyResource = """{"verbs":["*"],"apiGroups":["*"],"resources":["*"],"namespaces":["*"],"clusterScope":true}""";
    private const string AnyPath = """{"verbs":["*"],"nonResourceURLs":["*"]}""";
    private const string LeaseVerbs = "\"get\",\"create\",\"update\"";

    /// <summary>All of them; those that others refer to first.</summary>
    public static IReadOnlyList<StartingObject> All { get; } =
    [
        PriorityClass("system-node-critical", 2000001000, "For system pods that must not be moved from their node."),
        PriorityClass("system-cluster-critical", 2000000000, "For system pods that the cluster needs and that may be moved to another node."),
        Level("exempt", """{"type":"Exempt","exempt":{"nominalConcurrencyShares":0,"lendablePercent":0}}"""),
        Level("catch-all", """{"type":"Limited","limited":{"nominalConcurrencyShares":5,"lendablePercent":0,"limitResponse":{"type":"Reject"}}}"""),
        Queued("system", 30, 33, 64, 6),
        Queued("node-high", 40, 25, 64, 6),
        Queued("leader-election", 10, 0, 16, 4),
        Queued("workload-high", 40, 50, 128, 6),
        Queued("workload-low", 100, 90, 128, 6),
        Queued("global-default", 20, 50, 128, 6),
        Schema("exempt", "exempt", 1, "", Rule([Group("system:masters")], AnyResource, AnyPath)),
        Schema("catch-all", "catch-all", 10000, "ByUser", Everyone()),
        Schema("system-nodes", "system", 500, "ByUser", Rule([Group("system:nodes")], AnyResource, AnyPath)),
        Schema("system-node-high", "node-high", 400, "ByUser", Rule(
            [Group("system:nodes")],
            """{"verbs":["*"],"apiGroups":[""],"resources":["nodes","nodes/status"],"namespaces":["*"],"clusterScope":true}"""
            + """,{"verbs":["*"],"apiGroups":["coordination.k8s.io"],"resources":["leases"],"namespaces":["*"]}""", "")),
        Schema("probes", "exempt", 2, "", Rule(
            [Group("system:unauthenticated"), Group("system:authenticated")], "",
            """{"verbs":["get"],"nonResourceURLs":["/healthz","/readyz","/livez"]}""")),
        Schema("system-leader-election", "leader-election", 100, "ByUser", Rule(
            [User("system:kube-controller-manager"), User("system:kube-scheduler"), ServiceAccount("*")],
            $$$"""{"verbs":[{{{LeaseVerbs}}}],"apiGroups":["coordination.k8s.io"],"resources":["leases"],"namespaces":["*"]}""", "")),
        Schema("endpoint-controller", "workload-high", 150, "ByUser", Rule(
            [User("system:kube-controller-manager"), ServiceAccount("endpoint-controller"), ServiceAccount("endpointslicemirroring-controller")],
            """{"verbs":["get","create","update"],"apiGroups":[""],"resources":["endpoints"],"namespaces":["*"]}""", "")),
        Schema("workload-leader-election", "leader-election", 200, "ByUser", Rule(
            [ServiceAccount("*")],
            $$$"""{"verbs":[{{{LeaseVerbs}}}],"apiGroups":["coordination.k8s.io"],"resources":["leases"],"namespaces":["*"]}""", "")),
        Schema("kube-controller-manager", "workload-high", 800, "ByNamespace", Rule([User("system:kube-controller-manager")], AnyResource, AnyPath)),
        Schema("kube-scheduler", "workload-high", 800, "ByNamespace", Rule([User("system:kube-scheduler")], AnyResource, AnyPath)),
        Schema("kube-system-service-accounts", "workload-high", 900, "ByNamespace", Rule([ServiceAccount("*")], AnyResource, AnyPath)),
        Schema("service-accounts", "workload-low", 9000, "ByUser", Rule([Group("system:serviceaccounts")], AnyResource, AnyPath)),
        Schema("global-default", "global-default", 9900, "ByUser", Everyone()),
    ];

    private static StartingObject PriorityClass(string name, int value, string description) => new(Scheduling, "priorityclasses", name,
        $$$"""
        {"apiVersion":"{{{Scheduling}}}/v1","kind":"PriorityClass","metadata":{"name":"{{{name}}}"},"value":{{{value}}},"description":"{{{description}}}"}
        """);

    private static StartingObject Level(string name, string spec) => new(FlowControl, "prioritylevelconfigurations", name, $$$"""
        {"apiVersion":"{{{FlowControl}}}/v1","kind":"PriorityLevelConfiguration","metadata":{"name":"{{{name}}}",
        "annotations":{"apf.kubernetes.io/autoupdate-spec":"true"}},"spec":{{{spec}}}}
        """);

    private static StartingObject Queued(string name, int shares, int lendable, int queues, int hand) => Level(name, $$$"""
        {"type":"Limited","limited":{"nominalConcurrencyShares":{{{shares}}},"lendablePercent":{{{lendable}}},
        "limitResponse":{"type":"Queue","queuing":{"queues":{{{queues}}},"handSize":{{{hand}}},"queueLengthLimit":50} } } }
        """);

    private static StartingObject Schema(string name, string level, int precedence, string distinguisher, string rule)
    {
        var method = distinguisher.Length == 0 ? "" : $"\"distinguisherMethod\":{{\"type\":\"{distinguisher}\"}},";
        return new(FlowControl, "flowschemas", name, $$$"""
            {"apiVersion":"{{{FlowControl}}}/v1","kind":"FlowSchema","metadata":{"name":"{{{name}}}",
            "annotations":{"apf.kubernetes.io/autoupdate-spec":"true"}},
            "spec":{{{{method}}}"priorityLevelConfiguration":{"name":"{{{level}}}"},"matchingPrecedence":{{{precedence}}},"rules":[{{{rule}}}]}}
            """);
    }

    private static string Everyone() => Rule([Group("system:unauthenticated"), Group("system:authenticated")], AnyResource, AnyPath);

    private static string Rule(string[] subjects, string resources, string paths)
    {
        var about = resources.Length == 0 ? "" : $",\"resourceRules\":[{resources}]";
        var other = paths.Length == 0 ? "" : $",\"nonResourceRules\":[{paths}]";
        return $"{{\"subjects\":[{string.Join(',', subjects)}]{about}{other}}}";
    }

    private static string Group(string name) => $$$"""{"kind":"Group","group":{"name":"{{{name}}}"}}""";

    private static string User(string name) => $$$"""{"kind":"User","user":{"name":"{{{name}}}"}}""";

    private static string ServiceAccount(string name) =>
        $$$"""{"kind":"ServiceAccount","serviceAccount":{"namespace":"kube-system","name":"{{{name}}}"}}""";
}
