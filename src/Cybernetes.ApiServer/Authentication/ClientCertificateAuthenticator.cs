using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Cybernetes.ApiServer.Failures;
using Cybernetes.Foundation.Certificates;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Cybernetes.ApiServer.Authentication;

/// <summary>
/// Client certificates: the common name is the user, the organisations are the groups. The chain must end at one of the client authorities
/// and the certificate be meant for client authentication. A connection's certificate is verified once, and so is one that comes again on another
/// connection; what was found holds until the certificate runs out or the authorities change.
/// </summary>
internal sealed class ClientCertificateAuthenticator(Func<X509Certificate2Collection> authorities, TimeProvider time) : IAuthenticator
{
    private const int MaxKept = 4096;
    private readonly ConcurrentDictionary<string, Verified> _verified = new(StringComparer.Ordinal);

    // A connection keeps one certificate object for all its requests, so the object stands for the connection.
    private readonly ConditionalWeakTable<X509Certificate2, Verified> _byConnection = new();

    private sealed record Verified(UserInfo User, DateTimeOffset Until, X509Certificate2Collection Authorities);

    public ValueTask<UserInfo?> AuthenticateAsync(HttpContext context)
    {
        var certificate = context.Features.Get<ITlsConnectionFeature>()?.ClientCertificate;
        if (certificate is null)
            return new((UserInfo?)null);
        var trusted = authorities();
        if (_byConnection.TryGetValue(certificate, out var known) && Holds(known, trusted))
            return new(known.User);
        known = Find(certificate, trusted);
        _byConnection.AddOrUpdate(certificate, known);
        return new(known.User);
    }

    private Verified Find(X509Certificate2 certificate, X509Certificate2Collection trusted)
    {
        var hash = certificate.GetCertHashString(HashAlgorithmName.SHA256);
        if (_verified.TryGetValue(hash, out var known) && Holds(known, trusted))
            return known;
        known = new(Verify(certificate, trusted, hash), new DateTimeOffset(certificate.NotAfter.ToUniversalTime()), trusted);
        if (_verified.Count >= MaxKept)
            _verified.Clear();
        _verified[hash] = known;
        return known;
    }

    private bool Holds(Verified known, X509Certificate2Collection trusted) =>
        ReferenceEquals(known.Authorities, trusted) && known.Until > time.GetUtcNow();

    private UserInfo Verify(X509Certificate2 certificate, X509Certificate2Collection trusted, string hash)
    {
        var shown = ClientCertificates.Verify(certificate, trusted, time.GetUtcNow()) ?? throw Failure.Unauthorized();
        return UserInfo.Authenticated(shown.Name, shown.Organizations) with
        {
            Extra = new Dictionary<string, IReadOnlyList<string>>
            {
                ["authentication.kubernetes.io/credential-id"] = ["X509SHA256=" + hash.ToLowerInvariant()],
            },
        };
    }
}
