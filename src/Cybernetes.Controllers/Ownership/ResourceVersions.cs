using System.Globalization;
using Cybernetes.Objects;

namespace Cybernetes.Controllers.Ownership;

/// <summary>What was written later: one count of the store numbers the changes of all objects. Pure.</summary>
internal static class ResourceVersions
{
    /// <summary>Whether the first object was written after the second. One that was never stored is the older.</summary>
    public static bool IsNewer(IKubernetesObject one, IKubernetesObject other) => Of(one) > Of(other);

    private static ulong Of(IKubernetesObject value) =>
        ulong.TryParse(value.Metadata.ResourceVersion, NumberStyles.None, CultureInfo.InvariantCulture, out var revision) ? revision : 0;
}
