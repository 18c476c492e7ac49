namespace Cybernetes.ApiServer.Registry.Core.Pods;

/// <summary>What the name of an image says (distribution's reference grammar, as far as defaults need it).</summary>
internal static class ImageReferences
{
    /// <summary>Always for the tag <c>latest</c>, written or implied; IfNotPresent for others and for digests.</summary>
    public static string DefaultPullPolicy(string image) => IsLatest(image) ? "Always" : "IfNotPresent";

    // A name without tag and digest means latest. With a digest the tag counts only if it is written. Names that do not parse have no tag.
    private static bool IsLatest(string image)
    {
        if (image.Length == 0 || image.AsSpan().ContainsAny(' ', '\t'))
            return false;
        var digest = image.IndexOf('@');
        var name = digest < 0 ? image.AsSpan() : image.AsSpan(0, digest);
        var colon = name.LastIndexOf(':');
        var tagged = colon > name.LastIndexOf('/');
        if (tagged)
            return name[(colon + 1)..] is "latest";
        var repository = name[(name.IndexOf('/') + 1)..];
        return digest < 0 && !repository.ContainsAnyInRange('A', 'Z');
    }
}
