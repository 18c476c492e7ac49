using Cybernetes.Objects;

namespace Cybernetes.ApiServer.Registry;

/// <summary>Names of signers: <c>example.com/my-signer</c>. Source: core's ValidateSignerName.</summary>
internal static class SignerNames
{
    private const int MaximumDomain = 253;
    private const int MaximumWhole = 253 + 63 + 1 + 253 + 1;

    public static void Check(string name, FieldPath path, FieldErrorList errors)
    {
        if (name.Length == 0)
        {
            errors.Required(path);
            return;
        }
        var segments = name.Split('/');
        if (segments.Length != 2)
        {
            errors.Invalid(path, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'");
            return;
        }
        if (segments[0].Length > MaximumDomain)
            errors.TooLong(path, MaximumDomain);
        var labels = segments[0].Split('.');
        foreach (var label in labels)
        {
            foreach (var reason in Names.Dns1123Label(label))
                errors.Invalid(path, segments[0], $"validating label \"{label}\": {reason}");
        }
        if (labels.Length < 2)
            errors.Invalid(path, segments[0], "should be a domain with at least two segments separated by dots");
        foreach (var label in segments[1].Split('.'))
        {
            foreach (var reason in Names.Dns1123Subdomain(label))
                errors.Invalid(path, segments[1], $"validating label \"{label}\": {reason}");
        }
        if (name.Length > MaximumWhole)
            errors.TooLong(path, MaximumWhole);
    }
}
