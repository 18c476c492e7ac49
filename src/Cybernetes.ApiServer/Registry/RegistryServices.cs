using Cybernetes.ApiServer.Admission;
using Cybernetes.ApiServer.Authorization;
using Cybernetes.ApiServer.Pipeline;
using Cybernetes.ApiServer.Watch;
using Cybernetes.Foundation;
using Cybernetes.Store;
using Microsoft.Extensions.Logging;

namespace Cybernetes.ApiServer.Registry;

/// <summary>What the stages and subresources of one server share. Made once, at start.</summary>
public sealed class RegistryServices
{
    private KindCatalog _catalog = new([]);

    /// <summary>The store.</summary>
    public required IStore Store { get; init; }

    /// <summary>The clock.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>Uids and suffixes.</summary>
    public required IdentitySource Identities { get; init; }

    /// <summary>Chance that need not be unguessable: jitter.</summary>
    public required IRandomSource Random { get; init; }

    /// <summary>Log of the registry.</summary>
    public required ILogger Logger { get; init; }

    /// <summary>Who may do what.</summary>
    public required IAuthorizer Authorizer { get; init; }

    /// <summary>Which features are on.</summary>
    public FeatureGates Gates { get; init; } = FeatureGates.Default;

    /// <summary>The machine's name, as events name the one that reports.</summary>
    public string HostName { get; init; } = Environment.MachineName;

    /// <summary>How often a watch is told how far it is, about.</summary>
    public TimeSpan BookmarkPeriod { get; init; } = TimeSpan.FromMinutes(1);

    internal WatchHub Hub { get; init; } = null!;

    internal CachedReads Reads { get; init; } = null!;

    internal LeasePool Leases { get; init; } = null!;

    internal AdmissionChain Admission { get; set; } = new([]);

    internal RequestPipeline Pipeline { get; set; } = null!;

    /// <summary>The kinds served now.</summary>
    public KindCatalog Catalog => Volatile.Read(ref _catalog);

    /// <summary>Serves other kinds from now on.</summary>
    public void Serve(KindCatalog catalog)
    {
        foreach (var kind in catalog.Kinds.Where(k => k is not IAnsweredKind))
            Hub.CacheOf(kind);
        Volatile.Write(ref _catalog, catalog);
    }

    /// <summary>The key of an object: <c>/registry/pods/default/web</c>.</summary>
    public static string KeyOf(KindDefinition kind, string ns, string name) =>
        kind.Namespaced ? $"/registry/{kind.StoragePath}/{ns}/{name}" : $"/registry/{kind.StoragePath}/{name}";

    /// <summary>The keys of a kind, in one namespace or (empty) in all.</summary>
    public static KeyRange RangeOf(KindDefinition kind, string ns) =>
        kind.Namespaced && ns.Length > 0 ? KeyRange.Prefix($"/registry/{kind.StoragePath}/{ns}/") : kind.AllKeys;

    /// <summary>An object's record of now; null when there is none.</summary>
    public ValueTask<Record?> FindAsync(KindDefinition kind, string ns, string name, CancellationToken cancellation)
    {
        var asked = Store.GetAsync(KeyOf(kind, ns, name), 0, cancellation);
        return asked.IsCompletedSuccessfully ? new(RecordOf(asked.Result)) : WaitAsync(asked);

        static async ValueTask<Record?> WaitAsync(ValueTask<StoreResult<GetResult>> asked) => RecordOf(await asked);

        static Record? RecordOf(StoreResult<GetResult> result) =>
            result.TryGet(out var found, out var error) ? found.Record : throw StoredJson.FailureOf(error);
    }

    /// <summary>The typed objects of a kind, of one namespace or (empty) of all; none when the kind is not served. They are the caller's own.</summary>
    public async ValueTask<IReadOnlyList<T>> ListAsync<T>(string group, string plural, string ns, CancellationToken cancellation)
        where T : class, Objects.IKubernetesObject
    {
        if (Catalog.FindStored(group, plural) is not { } kind)
            return [];
        var result = await Store.RangeAsync(new(RangeOf(kind, ns)), cancellation);
        return result.TryGet(out var range, out var error)
            ? [.. range.Records.Select(r => (T)kind.DecodeStored(r.Value))]
            : throw StoredJson.FailureOf(error);
    }

    /// <summary>An object's typed state of now; null when there is none. The object is the caller's own.</summary>
    public async ValueTask<T?> FindAsync<T>(string group, string plural, string ns, string name, CancellationToken cancellation)
        where T : class, Objects.IKubernetesObject
    {
        if (Catalog.FindStored(group, plural) is not { } kind)
            return null;
        return await FindAsync(kind, ns, name, cancellation) is { } record ? (T)kind.DecodeStored(record.Value) : null;
    }
}
