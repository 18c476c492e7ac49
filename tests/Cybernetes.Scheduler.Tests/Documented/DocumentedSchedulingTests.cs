using System.Globalization;
using Cybernetes.Foundation;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Meta.V1;
using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Snapshot;

namespace Cybernetes.Scheduler.Tests.Documented;

/// <summary>The examples and tables of Kubernetes' documentation on assigning pods to nodes, taints, spreading and preemption.</summary>
public sealed class DocumentedSchedulingTests
{
    // Concepts: Pod Topology Spread Constraints. A layout is zone:node=pods,…; constraints are key,maxSkew[,minDomains].
    [Theory]
    [InlineData("A:n1=1,n2=1;B:n3=1,n4=0", "zone,1", "n3 n4")]
    [InlineData("A:n1=1,n2=1;B:n3=1,n4=0", "zone,1;node,1", "n4")]
    [InlineData("A:n1=2,n2=1;B:n3=2", "zone,1;node,1", "")]
    [InlineData("A:n1=2,n2=1;B:n3=2", "zone,1", "n3")]
    [InlineData("A:n1=2,n2=1;B:n3=2", "zone,2;node,1", "n2")]
    [InlineData("A:n1=3;B:n2=0,n3=0", "zone,1", "n2 n3")]
    [InlineData("A:n1=3;B:n2=3", "zone,1", "n1 n2")]
    [InlineData("A:n1=2;B:n2=2;C:n3=2", "zone,2,5", "")]
    [InlineData("A:n1=1;B:n2=1;C:n3=1", "zone,2,5", "n1 n2 n3")]
    [InlineData("A:n1=0;B:n2=0;-:n3=0", "zone,1", "n1 n2")]
    public void TopologySpread_Layout_AllowsTheDocumentedNodes(string layout, string constraints, string expected) =>
        Assert.Equal(expected, Allowed(Laid(layout), Spreading(constraints)));

    // The same page: a zone that the pod's node affinity excludes does not count, unless the policy says so.
    [Theory]
    [InlineData(null, "n3 n4")]
    [InlineData("Honor", "n3 n4")]
    [InlineData("Ignore", "")]
    public void TopologySpread_ExcludedZone_CountsByNodeAffinityPolicy(string? policy, string expected)
    {
        var pod = Spreading("zone,1");
        pod.Spec.TopologySpreadConstraints![0].NodeAffinityPolicy = policy;
        pod.Spec.Affinity = new() { NodeAffinity = Requiring(new NodeSelectorTerm { MatchExpressions = [new() { Key = "zone", Operator = "NotIn", Values = ["C"] }] }) };
        Assert.Equal(expected, Allowed(Laid("A:n1=2,n2=0;B:n3=1,n4=0;C:n5=0"), pod));
    }

    [Theory]
    [InlineData(null, "")]
    [InlineData("Ignore", "")]
    [InlineData("Honor", "n1 n2")]
    public void TopologySpread_TaintedNode_CountsByNodeTaintsPolicy(string? policy, string expected)
    {
        // n3 is empty, but tainted: where it counts, the others have to wait for it.
        var columns = Laid("A:n1=1;B:n2=1;C:n3=0");
        var tainted = columns.NodeAt(columns.SlotOf("n3"))!.DeepClone();
        tainted.Spec.Taints = [Taint("key1", "NoSchedule")];
        columns.SetNode(tainted);
        var pod = Spreading("zone,1");
        pod.Spec.TopologySpreadConstraints![0].NodeTaintsPolicy = policy;
        Assert.Equal(expected, Allowed(columns, pod));
    }

    // Concepts: Taints and Tolerations. Taint key1=value1 with the effect; a toleration as key,operator,value,effect.
    [Theory]
    [InlineData("NoSchedule", "", false)]
    [InlineData("NoSchedule", "key1,Equal,value1,NoSchedule", true)]
    [InlineData("NoSchedule", "key1,,value1,NoSchedule", true)]
    [InlineData("NoSchedule", "key1,Exists,,NoSchedule", true)]
    [InlineData("NoSchedule", "key1,Exists,,", true)]
    [InlineData("NoSchedule", ",Exists,,", true)]
    [InlineData("NoSchedule", "key1,Equal,value2,NoSchedule", false)]
    [InlineData("NoSchedule", "key2,Exists,,", false)]
    [InlineData("NoSchedule", "key1,Equal,value1,NoExecute", false)]
    [InlineData("NoExecute", "", false)]
    [InlineData("NoExecute", "key1,Equal,value1,NoExecute", true)]
    [InlineData("NoExecute", "key1,Equal,value1,NoSchedule", false)]
    [InlineData("PreferNoSchedule", "", true)]
    public void Taint_Toleration_MatchesAsDocumented(string effect, string toleration, bool expected)
    {
        var node = Cluster.Node("n1");
        node.Spec.Taints = [new Taint { Key = "key1", Value = "value1", Effect = effect }];
        var pod = Cluster.Pod("p");
        if (toleration.Split(',') is [var key, var op, var value, var of])
            pod.Spec.Tolerations = [new Toleration { Key = key, Operator = op, Value = value, Effect = of }];
        Assert.Equal(expected ? "n1" : "", Allowed(Cluster.Columns(node), pod));
    }

    [Fact]
    public void Taint_ThreeTaintsTwoTolerated_TheThirdDecides()
    {
        var node = Cluster.Node("n1");
        node.Spec.Taints = [Taint("key1", "NoSchedule"), Taint("key1", "NoExecute"), Taint("key2", "NoSchedule")];
        var pod = Cluster.Pod("p", with: p => p.Spec.Tolerations =
            [new() { Key = "key1", Operator = "Exists", Effect = "NoSchedule" }, new() { Key = "key1", Operator = "Exists", Effect = "NoExecute" }]);
        var decision = Cluster.Decide(Cluster.Columns(node), pod);
        Assert.StartsWith("0/1 nodes are available: 1 node(s) had untolerated taint(s). ", decision.Diagnosis.Message(1), StringComparison.Ordinal);
    }

    // Concepts: Assigning Pods to Nodes. The operators, over a node with disk=ssd and cores=8 and one with neither.
    [Theory]
    [InlineData("disk", "In", "ssd,nvme", "with")]
    [InlineData("disk", "NotIn", "ssd", "without")]
    [InlineData("disk", "Exists", "", "with")]
    [InlineData("disk", "DoesNotExist", "", "without")]
    [InlineData("cores", "Gt", "7", "with")]
    [InlineData("cores", "Gt", "8", "")]
    [InlineData("cores", "Lt", "9", "with")]
    [InlineData("cores", "Lt", "8", "")]
    public void NodeAffinity_Operator_AllowsTheDocumentedNodes(string key, string op, string values, string expected)
    {
        var term = new NodeSelectorTerm { MatchExpressions = [new() { Key = key, Operator = op, Values = values.Length > 0 ? [.. values.Split(',')] : null }] };
        Assert.Equal(expected, Allowed(Shaped(), Cluster.Pod("p", with: p => p.Spec.Affinity = new() { NodeAffinity = Requiring(term) })));
    }

    [Fact]
    public void NodeAffinity_SelectorTermsAndExpressions_CombineAsDocumented()
    {
        NodeSelectorRequirement Is(string key, string value) => new() { Key = key, Operator = "In", Values = [value] };
        string With(Dictionary<string, string>? selector, params NodeSelectorTerm[] terms) => Allowed(Shaped(), Cluster.Pod("p", with: p =>
        {
            p.Spec.NodeSelector = selector;
            p.Spec.Affinity = new() { NodeAffinity = Requiring(terms) };
        }));
        var (ssd, few, both) = (new NodeSelectorTerm { MatchExpressions = [Is("disk", "ssd")] }, new NodeSelectorTerm { MatchExpressions = [Is("zone", "west")] },
            new NodeSelectorTerm { MatchExpressions = [Is("disk", "ssd"), Is("zone", "west")] });
        Assert.Equal("with without", With(null, ssd, few));
        Assert.Equal("", With(null, both));
        Assert.Equal("without", With(new() { ["zone"] = "west" }, ssd, few));
        Assert.Equal("", With(null, new NodeSelectorTerm()));
    }

    // The same page's web servers beside their caches: one of each on every node.
    [Fact]
    public void PodAffinity_WebServersBesideCaches_OneOfEachOnEveryNode()
    {
        var columns = Cluster.Columns(Cluster.Node("n1"), Cluster.Node("n2"), Cluster.Node("n3"));
        PodAffinityTerm Host(string app) => new() { TopologyKey = "kubernetes.io/hostname", LabelSelector = Cluster.Selects("app", app) };
        foreach (var app in new[] { "store", "web" })
        {
            for (var i = 0; i < 3; i++)
            {
                var pod = Cluster.Pod($"{app}-{i}", with: p =>
                {
                    p.Metadata.Labels = new() { ["app"] = app };
                    p.Spec.Affinity = new() { PodAntiAffinity = new() { RequiredDuringSchedulingIgnoredDuringExecution = [Host(app)] } };
                    if (app == "web")
                        p.Spec.Affinity.PodAffinity = new() { RequiredDuringSchedulingIgnoredDuringExecution = [Host("store")] };
                });
                Cluster.Place(columns, pod, Cluster.Decide(columns, pod).NodeName!);
            }
        }
        Assert.All(new[] { "n1", "n2", "n3" }, node =>
            Assert.Equal(["store", "web"], columns.PodsOn(columns.SlotOf(node)).Select(p => p.Labels!["app"]).Order()));
    }

    // The first of a kind that wants to be near its kind may go anywhere; one that wants others waits for them.
    [Theory]
    [InlineData("self", "n1 n2")]
    [InlineData("others", "")]
    public void PodAffinity_NobodyThereYet_OnlyItsOwnKindMayBegin(string wants, string expected)
    {
        var pod = Cluster.Pod("p", with: p =>
        {
            p.Metadata.Labels = new() { ["app"] = "self" };
            p.Spec.Affinity = new()
            {
                PodAffinity = new()
                {
                    RequiredDuringSchedulingIgnoredDuringExecution =
                [new() { TopologyKey = "kubernetes.io/hostname", LabelSelector = Cluster.Selects("app", wants) }]
                }
            };
        });
        Assert.Equal(expected, Allowed(Cluster.Columns(Cluster.Node("n1"), Cluster.Node("n2")), pod));
    }

    // Namespaces of a term: its own list and what its selector selects together; without both, the pod's own; an empty selector, all.
    [Theory]
    [InlineData("", null, false)]
    [InlineData("other", null, true)]
    [InlineData("", "team=a", true)]
    [InlineData("", "team=b", false)]
    [InlineData("", "", true)]
    [InlineData("third", "team=a", true)]
    public void PodAffinity_Namespaces_MeanTheDocumentedPods(string named, string? selected, bool expected)
    {
        var columns = Cluster.Columns(Cluster.Node("n1"));
        columns.SetNamespace("default", []);
        columns.SetNamespace("other", new() { ["team"] = "a" });
        Cluster.Place(columns, Cluster.Pod("friend", with: p => (p.Metadata.Namespace, p.Metadata.Labels) = ("other", new() { ["app"] = "x" })), "n1");
        var term = new PodAffinityTerm
        {
            TopologyKey = "kubernetes.io/hostname", LabelSelector = Cluster.Selects("app", "x"), Namespaces = named.Length > 0 ? [named] : null,
            NamespaceSelector = selected?.Split('=') switch
            {
                null => null,
                [var key, var value] => Cluster.Selects(key, value),
                _ => new LabelSelector(),
            },
        };
        var pod = Cluster.Pod("p", with: p => p.Spec.Affinity = new() { PodAffinity = new() { RequiredDuringSchedulingIgnoredDuringExecution = [term] } });
        Assert.Equal(expected ? "n1" : "", Allowed(columns, pod));
    }

    // Concepts: Pod Priority and Preemption, "Inter-Pod affinity on lower-priority Pods": who would be left without its friend evicts nobody.
    [Fact]
    public void Preemption_PodWantsToBeNearItsVictim_EvictsNobody()
    {
        var columns = Cluster.Columns(Cluster.Node("n1", cpu: "1"));
        Cluster.Place(columns, Cluster.Pod("friend", "800m", with: p => p.Metadata.Labels = new() { ["app"] = "x" }), "n1");
        var pod = Cluster.Pod("p", "800m", with: p =>
        {
            p.Spec.Priority = 10;
            p.Spec.Affinity = new()
            {
                PodAffinity = new()
                {
                    RequiredDuringSchedulingIgnoredDuringExecution =
                [new() { TopologyKey = "kubernetes.io/hostname", LabelSelector = Cluster.Selects("app", "x") }]
                }
            };
        });
        Assert.Null(Cluster.Decide(columns, pod).Preemption);
    }

    // "Cross node preemption": a pod on another node of the zone stands in the way; it is not evicted for this one.
    [Fact]
    public void Preemption_VictimOnAnotherNode_IsNotEvicted()
    {
        var columns = Cluster.Columns(Cluster.Node("n1", labels: ("zone", "z")), Cluster.Node("n2", cpu: "1", labels: ("zone", "z")));
        Cluster.Place(columns, Cluster.Pod("q", "1", with: p => p.Metadata.Labels = new() { ["app"] = "x" }), "n2");
        var pod = Cluster.Pod("p", "2", with: p =>
        {
            p.Spec.Priority = 10;
            p.Spec.Affinity = new()
            {
                PodAntiAffinity = new()
                {
                    RequiredDuringSchedulingIgnoredDuringExecution =
                [new() { TopologyKey = "zone", LabelSelector = Cluster.Selects("app", "x") }]
                }
            };
        });
        Assert.Null(Cluster.Decide(columns, pod).Preemption);
    }

    private static Taint Taint(string key, string effect) => new() { Key = key, Value = "value1", Effect = effect };

    private static NodeAffinity Requiring(params NodeSelectorTerm[] terms) =>
        new() { RequiredDuringSchedulingIgnoredDuringExecution = new() { NodeSelectorTerms = [.. terms] } };

    private static ClusterColumns Shaped() => Cluster.Columns(
        Cluster.Node("with", labels: [("disk", "ssd"), ("cores", "8")]), Cluster.Node("without", labels: ("zone", "west")));

    /// <summary>The names of the nodes that pass all filters, sorted.</summary>
    private static string Allowed(ClusterColumns columns, Pod pod)
    {
        var cycle = new SchedulingCycle(columns, Chance.Seeded(1));
        if (cycle.Decide(Cluster.Facts(columns, pod), Cluster.Profile()).NodeName is null)
            return "";
        var names = new List<string>();
        foreach (var slot in cycle.Feasible)
            names.Add(columns.NodeName(slot));
        return string.Join(' ', names.Order(StringComparer.Ordinal));
    }

    private static ClusterColumns Laid(string layout)
    {
        var columns = Cluster.Columns();
        foreach (var zone in layout.Split(';').Select(z => z.Split(':')))
        {
            foreach (var node in zone[1].Split(',').Select(n => n.Split('=')))
            {
                var made = Cluster.Node(node[0], labels: ("node", node[0]));
                if (zone[0] != "-")
                    made.Metadata.Labels!["zone"] = zone[0];
                columns.SetNode(made);
                for (var i = 0; i < int.Parse(node[1], CultureInfo.InvariantCulture); i++)
                    Cluster.Place(columns, Matching($"{node[0]}-{i}"), node[0]);
            }
        }
        return columns;
    }

    private static Pod Matching(string name) => Cluster.Pod(name, with: p => p.Metadata.Labels = new() { ["foo"] = "bar" });

    private static Pod Spreading(string constraints)
    {
        var pod = Matching("p");
        pod.Spec.TopologySpreadConstraints = [.. constraints.Split(';').Select(c => c.Split(',')).Select(c => new TopologySpreadConstraint
        {
            TopologyKey = c[0], MaxSkew = int.Parse(c[1], CultureInfo.InvariantCulture), WhenUnsatisfiable = "DoNotSchedule",
            LabelSelector = Cluster.Selects("foo", "bar"), MinDomains = c.Length > 2 ? int.Parse(c[2], CultureInfo.InvariantCulture) : null,
        })];
        return pod;
    }
}
