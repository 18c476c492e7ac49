using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Cybernetes.Node.Server;

/// <summary>Who a request comes from: the client certificate (common name and organisations), or the bearer token.</summary>
internal static class KubeletAuthentication
{
    private const string ClientAuthenticationUsage = "1.3.6.1.5.5.7.3.2";
    private const string CommonName = "2.5.4.3";
    private const string Organization = "2.5.4.10";

    private static readonly object UserKey = new();

    /// <returns>Null when the request shows nothing that is believed.</returns>
    public static async ValueTask<KubeletUser?> FindUserAsync(
        HttpContext context, KubeletServerOptions options, TimeProvider time, CancellationToken cancellation)
    {
        // A connection's certificate does not change, so it is checked once.
        var items = context.Features.Get<IConnectionItemsFeature>()?.Items;
        if (items is not null && items.TryGetValue(UserKey, out var known))
            return (KubeletUser)known!;
        if (context.Connection.ClientCertificate is { } certificate
            && UserOf(certificate, options.ClientAuthorities(), time.GetUtcNow()) is { } user)
        {
            items?[UserKey] = user;
            return user;
        }

        const string Bearer = "Bearer ";
        var authorization = context.Request.Headers.Authorization.ToString();
        return options.ReviewToken is { } review && authorization.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)
            ? await review(authorization[Bearer.Length..].Trim(), cancellation).ConfigureAwait(false)
            : null;
    }

    internal static KubeletUser? UserOf(X509Certificate2 certificate, X509Certificate2Collection authorities, DateTimeOffset now)
    {
        using var chain = new X509Chain
        {
            ChainPolicy =
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
                DisableCertificateDownloads = true,
                VerificationTime = now.UtcDateTime,
                VerificationTimeIgnored = false,
            },
        };
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        chain.ChainPolicy.ApplicationPolicy.Add(new System.Security.Cryptography.Oid(ClientAuthenticationUsage));
        if (!chain.Build(certificate))
            return null;
        var names = Values(certificate.SubjectName, CommonName);
        return names.Count > 0 ? new KubeletUser(names[0], Values(certificate.SubjectName, Organization)) : null;
    }

    private static List<string> Values(X500DistinguishedName subject, string type)
    {
        var values = new List<string>();
        foreach (var part in subject.EnumerateRelativeDistinguishedNames(reversed: false))
        {
            if (!part.HasMultipleElements)
            {
                if (part.GetSingleElementType().Value == type && part.GetSingleElementValue() is { } value)
                    values.Add(value);
                continue;
            }

            // Go's crypto/tls, which made most certificates of clusters, writes several organisations as one set.
            var set = new AsnReader(part.RawData, AsnEncodingRules.DER).ReadSetOf();
            while (set.HasData)
            {
                var element = set.ReadSequence();
                var isWanted = element.ReadObjectIdentifier() == type;
                var tag = element.PeekTag();
                if (isWanted && tag.TagClass == TagClass.Universal)
                    values.Add(element.ReadCharacterString((UniversalTagNumber)tag.TagValue));
            }
        }

        return values;
    }
}
