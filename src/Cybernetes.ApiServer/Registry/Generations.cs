using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.ApiServer.Registry;

/// <summary>How <c>metadata.generation</c> counts.</summary>
internal static class Generations
{
    /// <summary>One up when what the user wants has changed.</summary>
    public static void Count(ObjectMeta metadata, ObjectMeta old, bool isChanged) =>
        metadata.Generation = isChanged ? old.Generation + 1 : old.Generation;
}
