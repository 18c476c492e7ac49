using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace Cybernetes.Cluster.Pki;

/// <summary>What an end certificate is to say.</summary>
public sealed record LeafRequest
{
    public required string CommonName { get; init; }

    /// <summary>The group, for a client; empty for none.</summary>
    public string Organization { get; init; } = "";

    public bool ForServer { get; init; }
    public bool ForClient { get; init; }
    public IReadOnlyList<string> Names { get; init; } = [];
    public IReadOnlyList<IPAddress> Addresses { get; init; } = [];

    public X500DistinguishedName Subject()
    {
        var builder = new X500DistinguishedNameBuilder();
        // Go prints O before CN, and so do openssl and kubeadm's own certificates.
        if (Organization.Length > 0)
            builder.AddOrganizationName(Organization);
        builder.AddCommonName(CommonName);
        return builder.Build();
    }

    /// <summary>Whether a certificate says all that is asked for. More names than asked for do no harm: they stay.</summary>
    public bool IsMetBy(X509Certificate2 certificate)
    {
        if (!certificate.SubjectName.RawData.AsSpan().SequenceEqual(Subject().RawData))
            return false;
        var alternative = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault();
        if (Names.Count == 0 && Addresses.Count == 0)
            return true;
        if (alternative is null)
            return false;
        var names = alternative.EnumerateDnsNames().ToHashSet(StringComparer.OrdinalIgnoreCase);
        var addresses = alternative.EnumerateIPAddresses().ToHashSet();
        return Names.All(names.Contains) && Addresses.All(addresses.Contains);
    }
}
