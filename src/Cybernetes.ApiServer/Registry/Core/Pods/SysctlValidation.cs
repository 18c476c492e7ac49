using System.Text.RegularExpressions;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Pods;

/// <summary>Kernel parameters of a pod.</summary>
internal static partial class SysctlValidation
{
    private const string Segment = "[a-z0-9]([-_a-z0-9]*[a-z0-9])?";
    private const string Form = "^(" + Segment + "[\\./])*" + Segment + "$";

    public static void Validate(PodSpec spec, List<Sysctl> sysctls, FieldPath path, FieldErrorList errors)
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        for (var i = 0; i < sysctls.Count; i++)
        {
            var name = sysctls[i].Name;
            var at = path.Index(i).Child("name");
            if (name.Length == 0)
                errors.Required(at);
            else if (name.Length > 253 || !NameForm().IsMatch(name))
                errors.Invalid(at, name, $"must have at most 253 characters and match regex {Form}");
            else if (seen.Contains(name))
                errors.Duplicate(at, name);
            OfHost(spec, name, at, errors);
            seen.Add(name);
        }
    }

    // In the host's namespaces they would change the host.
    private static void OfHost(PodSpec spec, string name, FieldPath path, FieldErrorList errors)
    {
        var dotted = Dotted(name);
        if (spec.HostNetwork && dotted.StartsWith("net.", StringComparison.Ordinal))
            errors.Invalid(path, name, "may not be specified when 'hostNetwork' is true");
        else if (spec.HostIPC && IsIpc(dotted))
            errors.Invalid(path, name, "may not be specified when 'hostIPC' is true");
    }

    private static bool IsIpc(string name) => name == "kernel.sem" || name.StartsWith("fs.mqueue.", StringComparison.Ordinal)
        || name.StartsWith("kernel.shm", StringComparison.Ordinal) || name.StartsWith("kernel.msg", StringComparison.Ordinal);

    // With slashes as the separator, dots belong to names of interfaces.
    private static string Dotted(string name)
    {
        var first = name.IndexOfAny(['.', '/']);
        if (first < 0 || name[first] == '.')
            return name;
        return string.Create(name.Length, name, static (target, source) =>
        {
            for (var i = 0; i < target.Length; i++)
                target[i] = source[i] switch { '/' => '.', '.' => '/', var c => c };
        });
    }

    [GeneratedRegex("^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?\\z")]
    private static partial Regex NameForm();
}
