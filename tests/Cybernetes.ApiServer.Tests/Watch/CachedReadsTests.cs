using System.Text;
using Cybernetes.ApiServer.Registry;
using Cybernetes.ApiServer.Registry.Core.Pods;
using Cybernetes.ApiServer.Watch;
using Cybernetes.Foundation;
using Cybernetes.Objects;
using Cybernetes.Store;
using Cybernetes.Store.Embedded;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cybernetes.ApiServer.Tests.Watch;

public sealed class CachedReadsTests
{
    private const int Pods = 900;
    private const int Nodes = 50;

    private static readonly (string Labels, string Fields)[] Selectors =
    [
        ("", "spec.nodeName=node-7"),
        ("", "spec.nodeName=node-7,status.phase=Running"),
        ("", "spec.nodeName=node-7,status.phase!=Running"),
        ("", "spec.nodeName=nowhere"),
        ("", "metadata.name=pod-17"),
        ("", "metadata.namespace=b,spec.nodeName=node-9"),
        ("app=a1", ""),
        ("app=a1,tier!=front", ""),
        ("app in (a1,a2,a3)", "status.phase=Running"),
        ("app in (a1,nothing),tier", ""),
        ("!app", ""),
        ("app notin (a1)", "spec.nodeName=node-3"),
    ];

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(3, true)]
    public async Task Selectors_WhileOthersWrite_ChooseWhatATwinChooses(int seed, bool remote)
    {
        await using var bench = await Bench.StartAsync(remote);
        var chance = Chance.Seeded(seed);
        for (var i = 0; i < Pods; i++)
            await bench.PutAsync(chance, i);
        using var done = new CancellationTokenSource();
        var writing = Task.Run(() => bench.WriteAsync(Chance.Seeded(seed + 100), done.Token));
        for (var round = 0; round < 3; round++)
        {
            foreach (var (labels, fields) in Selectors)
            {
                foreach (var ns in new[] { "", "a" })
                    await bench.CompareAsync(ns, labels, fields, limit: 0);
                await bench.CompareAsync("", labels, fields, limit: 1 + chance.Next(40));
            }
        }
        await done.CancelAsync();
        await writing;
        await bench.Hub.WaitForAsync((await bench.Store.StatusAsync()).Value.Revision, CancellationToken.None);
        foreach (var (labels, fields) in Selectors)
            await bench.CompareAsync("", labels, fields, limit: 0);
        Assert.InRange(bench.Hub.CacheOf(bench.Kind).Indexes.Count, 3, 8);
    }

    [Fact]
    public async Task Selector_OfOneNode_ReadsThatNodesPodsOnly()
    {
        await using var bench = await Bench.StartAsync(remote: false);
        for (var i = 0; i < Pods; i++)
            await bench.PutPodAsync($"pod-{i}", "a", $"node-{i % Nodes}", "Running", null);
        var filter = bench.Filter("", "", "spec.nodeName=node-7");
        var source = await bench.Reads.SourceAsync(bench.Kind, filter, RegistryServices.RangeOf(bench.Kind, ""), false, CancellationToken.None);

        var selection = Assert.IsType<Selection>(source);
        Assert.Equal(Pods / Nodes, selection.Sets.Sum(s => s.Count));
    }

    [Fact]
    public async Task Selector_OfFewObjects_MakesNoIndex()
    {
        await using var bench = await Bench.StartAsync(remote: false);
        for (var i = 0; i < 20; i++)
            await bench.PutPodAsync($"pod-{i}", "a", $"node-{i % 3}", "Running", null);
        await bench.CompareAsync("", "", "spec.nodeName=node-1", limit: 0);

        Assert.Equal(0, bench.Hub.CacheOf(bench.Kind).Indexes.Count);
    }

    [Fact]
    public async Task Indexes_OfManyLabels_AreBounded()
    {
        await using var bench = await Bench.StartAsync(remote: false);
        for (var i = 0; i < Pods; i++)
            await bench.PutPodAsync($"pod-{i}", "a", "", "Running", null);
        for (var i = 0; i < 30; i++)
            await bench.CompareAsync("", $"label-{i}=x", "", limit: 0);

        Assert.Equal(8, bench.Hub.CacheOf(bench.Kind).Indexes.Count);
    }

    [Fact]
    public async Task Pages_OfASelector_AreOfOneRevision()
    {
        await using var bench = await Bench.StartAsync(remote: false);
        for (var i = 0; i < Pods; i++)
            await bench.PutPodAsync($"pod-{i:0000}", "a", "node-1", "Running", null);
        var names = new List<string>();
        var next = "";
        long revision = 0;
        do
        {
            var page = await bench.ListAsync(new() { Filter = bench.Filter("", "", "spec.nodeName=node-1"), Limit = 400, Continue = next });
            revision = revision == 0 ? page.Revision : revision;
            Assert.Equal(revision, page.Revision);
            names.AddRange(page.Items.Select(r => r.Key));
            next = page.Continue;
            // Between the pages everything goes elsewhere.
            for (var i = 0; i < Pods; i += 3)
                await bench.PutPodAsync($"pod-{i:0000}", "a", "node-2", "Running", null);
        }
        while (next.Length > 0);

        Assert.Equal(Enumerable.Range(0, Pods).Select(i => $"/registry/pods/a/pod-{i:0000}"), names);
    }

    /// <summary>A store with pods, the caches over it, and a slow twin that looks at everything.</summary>
    private sealed class Bench : IAsyncDisposable
    {
        private readonly EmbeddedStore _memory;
        private readonly RegistryServices _services;

        private Bench(EmbeddedStore memory, RegistryServices services) => (_memory, _services) = (memory, services);

        public KindDefinition Kind { get; } = new PodKind(null);

        public IStore Store => _services.Store;

        public WatchHub Hub => _services.Hub;

        public CachedReads Reads => _services.Reads;

        public static async Task<Bench> StartAsync(bool remote)
        {
            var memory = EmbeddedStore.OpenInMemory(TimeProvider.System);
            IStore store = remote ? new RemoteStore(memory) : memory;
            var hub = new WatchHub(store, TimeProvider.System, NullLogger.Instance);
            var services = new RegistryServices
            {
                Store = store, Hub = hub, Reads = new(store, hub, TimeProvider.System, NullLogger.Instance), Time = TimeProvider.System,
                Identities = IdentitySource.Seeded(1), Random = Chance.Seeded(1), Logger = NullLogger.Instance,
                Authorizer = new Cybernetes.ApiServer.Authorization.AlwaysAllowAuthorizer(),
            };
            var bench = new Bench(memory, services);
            hub.CacheOf(bench.Kind);
            await hub.StartAsync(CancellationToken.None);
            return bench;
        }

        public ObjectFilter Filter(string ns, string labels, string fields) =>
            new(Kind, ns, "", LabelMatcher.Parse(labels), FieldMatcher.Parse(fields));

        public async Task PutPodAsync(string name, string ns, string node, string phase, string? labels)
        {
            var json = $$$"""
                {"kind":"Pod","apiVersion":"v1","metadata":{"name":"{{{name}}}","namespace":"{{{ns}}}","labels":{{{labels ?? "{}"}}} },
                "spec":{"nodeName":"{{{node}}}"},"status":{"phase":"{{{phase}}}"} }
                """;
            var put = await Store.PutAsync(RegistryServices.KeyOf(Kind, ns, name), Encoding.UTF8.GetBytes(json));
            Assert.True(put.TryGet(out _, out var error), error?.Message);
        }

        public Task PutAsync(IRandomSource chance, int number)
        {
            var ns = number % 3 == 0 ? "b" : "a";
            var phase = chance.Next(3) == 0 ? "Pending" : "Running";
            var tier = chance.Next(2) == 0 ? ",\"tier\":\"front\"" : "";
            var labels = chance.Next(8) == 0 ? null : $"{{\"app\":\"a{chance.Next(12)}\"{tier}}}";
            return PutPodAsync($"pod-{number}", ns, $"node-{chance.Next(Nodes)}", phase, labels);
        }

        public async Task WriteAsync(IRandomSource chance, CancellationToken done)
        {
            // As much as the lists are compared with, not as much as the machine can do.
            for (var written = 0; written < 4000 && !done.IsCancellationRequested; written++)
            {
                var number = chance.Next(Pods);
                if (chance.Next(4) == 0)
                    await Store.DeleteAsync(RegistryServices.KeyOf(Kind, number % 3 == 0 ? "b" : "a", $"pod-{number}"));
                else
                    await PutAsync(chance, number);
                await Task.Yield();
            }
        }

        public ValueTask<ListPage> ListAsync(ListOptions options, string ns = "") =>
            ListVerb.ReadAsync(Kind, ns, options, _services, CancellationToken.None);

        /// <summary>Lists, and looks through all of the revision that the list says it is of.</summary>
        public async Task CompareAsync(string ns, string labels, string fields, int limit)
        {
            var before = (await Store.StatusAsync()).Value.Revision;
            var filter = Filter(ns, labels, fields);
            var page = await ListAsync(new() { Filter = filter, Limit = limit }, ns);
            var all = (await _memory.RangeAsync(new(RegistryServices.RangeOf(Kind, ns)) { Revision = page.Revision })).Value.Records;
            var expected = all.Where(filter.Matches).Select(r => (r.Key, r.ModRevision));
            if (limit > 0)
                expected = expected.Take(limit);

            Assert.True(page.Revision >= before, "a list must not be older than what was written before it was asked for");
            Assert.Equal(expected, page.Items.Select(r => (r.Key, r.ModRevision)));
        }

        public async ValueTask DisposeAsync()
        {
            await Hub.DisposeAsync();
            await _memory.DisposeAsync();
        }
    }
}
