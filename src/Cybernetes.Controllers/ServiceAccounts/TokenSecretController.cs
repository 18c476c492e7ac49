using System.Text;
using Cybernetes.Client.Informers;
using Cybernetes.Client.Queues;
using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.Authentication.V1;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.ServiceAccounts;

/// <summary>
/// Fills secrets of type kubernetes.io/service-account-token with a token, and deletes them when their account is gone. The token is one of the
/// TokenRequest API, bound to the secret, of the longest life there is: it ends with the secret.
/// </summary>
internal sealed class TokenSecretController : IController
{
    private const string TokenType = "kubernetes.io/service-account-token";
    private const string NameAnnotation = "kubernetes.io/service-account.name";
    private const string UidAnnotation = "kubernetes.io/service-account.uid";
    private const string ByAccount = "account";

    /// <summary>The most that the TokenRequest API takes.</summary>
    private const long LifetimeSeconds = 1L << 32;

    private readonly ControllerContext _context;
    private readonly ObjectStore<Secret> _secrets;
    private readonly ObjectStore<ServiceAccount> _accounts;
    private readonly WorkQueue<ObjectKey> _queue;

    public TokenSecretController(ControllerContext context)
    {
        _context = context;
        _queue = context.Queue<ObjectKey>("serviceaccount_tokens_secret");
        var secrets = context.Informers.For<Secret>(new InformerOptions { FieldSelector = "type=" + TokenType });
        var accounts = context.Informers.For<ServiceAccount>();
        (_secrets, _accounts) = (secrets.Store, accounts.Store);
        _secrets.AddIndex(ByAccount, static s => [$"{s.Metadata.Namespace}/{AccountOf(s)}"]);
        secrets.AddHandler(s => _queue.Add(ObjectKey.Of(s)), (_, s) => _queue.Add(ObjectKey.Of(s)));
        accounts.AddHandler(AccountChanged, (before, a) =>
        {
            if (before.Metadata.UID != a.Metadata.UID)
                AccountChanged(a);
        }, AccountChanged);
    }

    public string Name => "serviceaccount-token-controller";

    public Task RunAsync(CancellationToken cancellation) => _queue.RunWorkersAsync(
        _context.Options.ConcurrentServiceAccountTokenSyncs, ReconcileAsync, _context.Logger, cancellation);

    private static string AccountOf(Secret secret) => secret.Metadata.Annotations.OrEmpty().GetValueOrDefault(NameAnnotation, "");

    private void AccountChanged(ServiceAccount account)
    {
        foreach (var secret in _secrets.ByIndex(ByAccount, $"{account.Metadata.Namespace}/{account.Metadata.Name}"))
            _queue.Add(ObjectKey.Of(secret));
    }

    private async Task ReconcileAsync(ObjectKey key, CancellationToken cancellation)
    {
        if (_secrets.Get(key) is not { } secret || secret.Metadata.DeletionTimestamp is not null)
            return;
        var account = _accounts.Get(key.Namespace, AccountOf(secret))
            ?? await _context.Client.For<ServiceAccount>().FindAsync(key.Namespace, AccountOf(secret), cancellation).ConfigureAwait(false);
        var uid = secret.Metadata.Annotations.OrEmpty().GetValueOrDefault(UidAnnotation, "");
        if (account is null || (uid.Length > 0 && uid != account.Metadata.UID))
        {
            var options = new Objects.Meta.V1.DeleteOptions { Preconditions = new() { UID = secret.Metadata.UID } };
            await _context.Client.IgnoreNotFoundAsync(c =>
                c.For<Secret>().DeleteAsync(key.Namespace, key.Name, options, cancellation)).ConfigureAwait(false);
            return;
        }
        var data = secret.Data.OrEmpty();
        var authority = Encoding.UTF8.GetBytes(_context.Options.RootCertificateAuthority);
        var hasToken = data.TryGetValue("token", out var token) && token.Length > 0;
        var isCurrent = (authority.Length == 0 || (data.TryGetValue("ca.crt", out var there) && there.AsSpan().SequenceEqual(authority)))
            && data.TryGetValue("namespace", out var ns) && Encoding.UTF8.GetString(ns) == key.Namespace;
        if (hasToken && isCurrent && uid == account.Metadata.UID)
            return;
        var copy = secret.DeepClone();
        (copy.Metadata.Annotations ??= [])[UidAnnotation] = account.Metadata.UID;
        copy.Data ??= [];
        if (authority.Length > 0)
            copy.Data["ca.crt"] = authority;
        copy.Data["namespace"] = Encoding.UTF8.GetBytes(key.Namespace);
        if (!hasToken)
            copy.Data["token"] = Encoding.UTF8.GetBytes(await TokenAsync(account, secret, cancellation).ConfigureAwait(false));
        await _context.Client.IgnoreNotFoundAsync(c => c.For<Secret>().UpdateAsync(copy, cancellation: cancellation)).ConfigureAwait(false);
    }

    private async Task<string> TokenAsync(ServiceAccount account, Secret secret, CancellationToken cancellation)
    {
        var request = new TokenRequest
        {
            APIVersion = "authentication.k8s.io/v1",
            Kind = "TokenRequest",
            Spec =
            {
                ExpirationSeconds = LifetimeSeconds,
                BoundObjectRef = new() { Kind = "Secret", APIVersion = "v1", Name = secret.Metadata.Name, UID = secret.Metadata.UID },
            },
        };
        var made = await _context.Client.CreateTokenAsync(account.Metadata.Namespace, account.Metadata.Name, request, cancellation).ConfigureAwait(false);
        return made.Status.Token;
    }
}
