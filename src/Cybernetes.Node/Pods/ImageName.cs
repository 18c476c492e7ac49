using System.Text.RegularExpressions;

namespace Cybernetes.Node.Pods;

/// <summary>An image's name as people write it (the reference grammar of the distribution project). Pure.</summary>
/// <param name="Full">With the tag <c>latest</c> where neither tag nor digest was given.</param>
/// <param name="Registry">Its registry's host, docker.io when none is named.</param>
/// <param name="Repository">The path at the registry; official images begin with <c>library/</c>.</param>
internal sealed partial record ImageName(string Full, string Registry, string Repository)
{
    private const string DefaultRegistry = "docker.io";

    /// <summary>Null when the text is no image name.</summary>
    public static ImageName? Parse(string text)
    {
        var match = Grammar().Match(text);
        if (!match.Success)
            return null;
        var name = match.Groups["name"].Value;
        var hasVersion = match.Groups["tag"].Success || match.Groups["digest"].Success;
        var slash = name.IndexOf('/', StringComparison.Ordinal);
        var first = slash < 0 ? "" : name[..slash];
        var namesRegistry = first.Contains('.', StringComparison.Ordinal) || first.Contains(':', StringComparison.Ordinal)
            || first == "localhost";
        var registry = namesRegistry ? first : DefaultRegistry;
        var repository = namesRegistry ? name[(slash + 1)..] : name;

        // Only a registry's host may have capitals.
        if (repository.Any(char.IsAsciiLetterUpper))
            return null;
        if (registry == DefaultRegistry && !repository.Contains('/', StringComparison.Ordinal))
            repository = "library/" + repository;
        return new ImageName(hasVersion ? text : text + ":latest", registry, repository);
    }

    [GeneratedRegex(
        @"^(?<name>([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]+)?/)?[a-z0-9A-Z]+(([._]|__|-+)[a-z0-9A-Z]+)*"
        + @"(/[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*)*)"
        + @"(:(?<tag>[\w][\w.-]{0,127}))?(@(?<digest>[A-Za-z][A-Za-z0-9]*([-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}))?$",
        RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Grammar();
}
