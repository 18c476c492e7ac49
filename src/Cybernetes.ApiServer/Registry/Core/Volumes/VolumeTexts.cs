using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.ApiServer.Registry.Core.Volumes;

/// <summary>How volumes and claims are told in tables, and the annotations of old clusters that still count.</summary>
internal static class VolumeTexts
{
    /// <summary>The storage class's name as clusters before 1.6 wrote it; it wins over the field.</summary>
    public const string BetaClass = "volume.beta.kubernetes.io/storage-class";

    public const string Unset = "<unset>";

    private static readonly (string Mode, string Short)[] Modes =
        [("ReadWriteOnce", "RWO"), ("ReadOnlyMany", "ROX"), ("ReadWriteMany", "RWX"), ("ReadWriteOncePod", "RWOP")];

    /// <summary>RWO,ROX and so on, each once.</summary>
    public static string Short(List<string>? modes) =>
        modes is null ? "" : string.Join(',', Modes.Where(m => modes.Contains(m.Mode)).Select(m => m.Short));

    /// <summary>The class of a volume or claim.</summary>
    public static string ClassOf(ObjectMeta metadata, string? field) =>
        metadata.Annotations is { } annotations && annotations.TryGetValue(BetaClass, out var name) ? name : field ?? "";
}
