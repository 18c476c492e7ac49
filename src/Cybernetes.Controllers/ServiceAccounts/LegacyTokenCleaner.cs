using Cybernetes.Client.Informers;
using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Controllers.ServiceAccounts;

/// <summary>
/// Marks tokens in secrets that were made by the cluster and not used for a long time as invalid, and deletes them when nobody minded for as long
/// again. Looks once a day. The API server notes the use, and since when it does.
/// </summary>
internal sealed class LegacyTokenCleaner : IController
{
    private const string Tracking = "kube-apiserver-legacy-service-account-token-tracking";
    private static readonly TimeSpan s_period = TimeSpan.FromDays(1);

    private readonly ControllerContext _context;
    private readonly ObjectStore<Secret> _secrets;
    private readonly ObjectStore<ServiceAccount> _accounts;
    private readonly ObjectStore<Pod> _pods;

    public LegacyTokenCleaner(ControllerContext context)
    {
        _context = context;
        _secrets = context.Informers.For<Secret>(new InformerOptions { FieldSelector = "type=" + LegacyTokenReconciler.TokenType }).Store;
        _accounts = context.Informers.For<ServiceAccount>().Store;
        _pods = context.Informers.For<Pod>().Store;
    }

    public string Name => "legacy-service-account-token-cleaner-controller";

    public async Task RunAsync(CancellationToken cancellation)
    {
        while (true)
        {
            await CleanAsync(cancellation).ConfigureAwait(false);
            await Task.Delay(s_period, _context.Time, cancellation).ConfigureAwait(false);
        }
    }

    private async Task CleanAsync(CancellationToken cancellation)
    {
        var (now, period) = (_context.Time.GetUtcNow(), _context.Options.LegacyServiceAccountTokenCleanUpPeriod);
        var secrets = _secrets.List();
        if (secrets.Count == 0)
            return;
        var map = await _context.Client.For<ConfigMap>().FindAsync("kube-system", Tracking, cancellation).ConfigureAwait(false);
        if (LegacyTokenReconciler.DayOf(map?.Data.OrEmpty().GetValueOrDefault("since")) is not { } since)
        {
            _context.Logger.LogWarning("{ConfigMap} does not say since when tokens are tracked; none is cleaned today", Tracking);
            return;
        }
        if (!LegacyTokenReconciler.IsTrackedLongEnough(since, period, now))
            return;
        var mounted = new Dictionary<string, HashSet<string>>(StringComparer.Ordinal);
        foreach (var secret in secrets)
        {
            var ns = secret.Metadata.Namespace;
            var account = _accounts.Get(ns, secret.Metadata.Annotations.OrEmpty().GetValueOrDefault("kubernetes.io/service-account.name", ""));
            var step = LegacyTokenReconciler.Decide(secret, account, () => MountedIn(ns, mounted).Contains(secret.Metadata.Name), period, now);
            if (step != LegacyTokenStep.Keep)
                await CarryOutAsync(secret, step, now, cancellation).ConfigureAwait(false);
        }
    }

    private HashSet<string> MountedIn(string ns, Dictionary<string, HashSet<string>> known)
    {
        if (!known.TryGetValue(ns, out var names))
            known[ns] = names = _pods.List().Where(p => p.Metadata.Namespace == ns).SelectMany(PodSecrets.Of).ToHashSet(StringComparer.Ordinal);
        return names;
    }

    /// <summary>One that cannot be cleaned does not keep the others; its turn comes again tomorrow.</summary>
    private async Task CarryOutAsync(Secret secret, LegacyTokenStep step, DateTimeOffset now, CancellationToken cancellation)
    {
        var (ns, name, secrets) = (secret.Metadata.Namespace, secret.Metadata.Name, _context.Client.For<Secret>());
        try
        {
            if (step == LegacyTokenStep.Delete)
            {
                // Used or touched meanwhile: then it stays.
                var options = new Objects.Meta.V1.DeleteOptions { Preconditions = new() { ResourceVersion = secret.Metadata.ResourceVersion } };
                await secrets.DeleteAsync(ns, name, options, cancellation).ConfigureAwait(false);
            }
            else
            {
                var patch = ObjectPatch.Merge($$$$"""
                    {"metadata":{"uid":"{{{{secret.Metadata.UID}}}}",
                    "labels":{"{{{{LegacyTokenReconciler.InvalidSince}}}}":"{{{{LegacyTokenReconciler.TextOf(now)}}}}"}}}
                    """);
                await secrets.PatchAsync(ns, name, patch, cancellation: cancellation).ConfigureAwait(false);
            }
            _context.Logger.LogInformation("unused service account token {Namespace}/{Name}: {Step}", ns, name, step);
        }
        catch (ApiStatusException failure)
        {
            if (!failure.IsNotFound && !failure.IsConflict)
                _context.Logger.LogError(failure, "unused service account token {Namespace}/{Name} not cleaned", ns, name);
        }
    }
}
