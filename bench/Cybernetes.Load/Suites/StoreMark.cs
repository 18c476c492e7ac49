using Cybernetes.Load.Reporting;

namespace Cybernetes.Load.Suites;

/// <summary>Names of what the suite measures; the ratios that are asked for, and what kube-apiserver 1.36 with etcd 3.5 once came to.</summary>
internal static class StoreMark
{
    public const string Create1 = "create, 1 client";
    public const string Create16 = "create, 16 clients";
    public const string Create64 = "create, 64 clients";
    public const string Get = "get, 32 clients";
    public const string List = "list of 17,500, 4 clients";
    public const string Pages = "pages of 500, 4 clients";
    public const string Watch = "watch, 200 watchers";
    public const string WatchP99 = "watch, p99 after sent";
    public const string Memory = "memory after the same work";
    public const string StartUp = "start to /readyz";

    /// <summary>What is compared: the mark's figure, taken on a machine with 2 processors, the load beside the server; and the ratio asked.</summary>
    public static IReadOnlyList<(string What, double Mark, string Unit, double Asked, bool MoreIsBetter)> Rows { get; } =
    [
        (Create1, 677, "/s", 4, true),
        (Create16, 1843, "/s", 6, true),
        (Create64, 2038, "/s", 6, true),
        (Get, 2108, "/s", 10, true),
        (List, 68, "MB/s", 10, true),
        (Pages, 58, "MB/s", 10, true),
        (Watch, 40_000, "events/s", 8, true),
        // What is asked of it, 100 ms, stands with the limits.
        (WatchP99, 1200, "ms", 0, false),
        (Memory, 641, "MB", 3, false),
        (StartUp, 2.5, "s", 0, false),
    ];

    public const string PodsMemory = "150,000 pods of 2 KB: memory";
    public const string PodsRestart = "150,000 pods: restart to /readyz";
    public const string PodsGetFew = "get, 32 clients, 1,000 pods";
    public const string PodsGetMany = "get, 32 clients, 150,000 pods";
    public const string PodsPagesFew = "pages of 500, 4 clients, 1,000 pods";
    public const string PodsPagesMany = "pages of 500, 4 clients, 150,000 pods";
    public const string IdleProcessor = "processor time while idle";

    /// <summary>Figures that have a limit of their own.</summary>
    public static ComparisonTable Limits(IReadOnlyDictionary<string, double> values) => new("Limits", "limit or before",
    [
        .. new Comparison[]
        {
            new(WatchP99, values.GetValueOrDefault(WatchP99), 100, "ms", 1, MoreIsBetter: false),
            new(IdleProcessor, values.GetValueOrDefault(IdleProcessor), 0.5, "% of one", 1, MoreIsBetter: false),
            new(PodsMemory, values.GetValueOrDefault(PodsMemory), 1200, "MB", 1, MoreIsBetter: false),
            new(PodsRestart, values.GetValueOrDefault(PodsRestart), 6, "s", 1, MoreIsBetter: false),
            // "As fast as with 1,000": what is left is the noise of two runs.
            new(PodsGetMany, values.GetValueOrDefault(PodsGetMany), values.GetValueOrDefault(PodsGetFew), "/s", 0.9),
            new(PodsPagesMany, values.GetValueOrDefault(PodsPagesMany), values.GetValueOrDefault(PodsPagesFew), "MB/s", 0.9),
        }.Where(row => values.ContainsKey(row.What)),
    ]);

    /// <summary>Beside the empty server of the same run: 70 % is asked for reads.</summary>
    public static ComparisonTable AgainstCeiling(IReadOnlyDictionary<string, double> values, IReadOnlyDictionary<string, double> ceiling) => new(
        "Beside the ceiling of this run", "empty server",
        [
            .. new (string What, string There, string Unit, double Asked)[]
            {
                (Create1, "post, 1 clients", "/s", 0), (Create16, "post, 16 clients", "/s", 0), (Create64, "post, 64 clients", "/s", 0),
                (Get, "get, 32 clients", "/s", 0.7), (List, "body of 24 MB, 4 clients", "MB/s", 0.7), (Pages, "body of 24 MB, 4 clients", "MB/s", 0.7),
            }.Where(r => values.ContainsKey(r.What) && ceiling.ContainsKey(r.There))
            .Select(r => new Comparison(r.What, values[r.What], ceiling[r.There], r.Unit, r.Asked)),
        ]);

    /// <summary>Beside the peer of the same run, or the mark.</summary>
    public static ComparisonTable AgainstPeer(IReadOnlyDictionary<string, double> values, IReadOnlyDictionary<string, double>? peer) => new(
        peer is null ? "Beside the mark of the issue: kube-apiserver 1.36 and etcd 3.5 in another run" : "Beside kube-apiserver and etcd of this run",
        peer is null ? "mark, another run" : "peer",
        [
            .. Rows.Where(r => values.ContainsKey(r.What) && (peer is null || peer.ContainsKey(r.What)))
                .Select(r => new Comparison(r.What, values[r.What], peer is null ? r.Mark : peer[r.What], r.Unit, r.Asked, r.MoreIsBetter)),
        ]);
}
