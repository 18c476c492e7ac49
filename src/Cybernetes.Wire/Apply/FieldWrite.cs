using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.Wire;

/// <summary>What ownership needs to know of a kind's versions.</summary>
public interface IFieldVersions
{
    /// <summary>The schema of a version (<c>apps/v1</c>); null when the kind has no such version.</summary>
    ApplySchema? SchemaOf(string apiVersion);

    /// <summary>An object of a version, which the kind has, without any value.</summary>
    ReadOnlyMemory<byte> Empty(string apiVersion);

    /// <summary>A document of one version in another one, which the kind has.</summary>
    ReadOnlyMemory<byte> Convert(ReadOnlyMemory<byte> json, string from, string to);
}

/// <summary>Who writes through what.</summary>
/// <param name="Versions">The kind.</param>
/// <param name="ApiVersion">The version that the request speaks.</param>
/// <param name="Manager">The field manager; empty is told as "unknown".</param>
/// <param name="Subresource">The subresource, empty for the object itself.</param>
/// <param name="Filter">Fields that this request cannot set.</param>
/// <param name="Now">The time of entries that change; whole seconds are kept.</param>
public sealed record FieldWrite(
    IFieldVersions Versions, string ApiVersion, string Manager, string Subresource, FieldFilter Filter, DateTimeOffset Now)
{
    internal FieldOwner Owner(string operation, string? manager = null)
    {
        string name = manager ?? Manager;
        string version = operation == FieldOwner.ApplyOperation ? "" : ApiVersion;
        return new FieldOwner(name.Length == 0 ? "unknown" : name, operation, version, Subresource);
    }

    internal ApplySchema Schema => Versions.SchemaOf(ApiVersion) ?? throw new InvalidOperationException($"{ApiVersion} has no schema");

    internal DateTimeOffset Time => Now.AddTicks(-(Now.Ticks % TimeSpan.TicksPerSecond)).ToUniversalTime();
}

/// <summary>What became of an apply.</summary>
/// <param name="Json">The object in the version of the request. Its managedFields are the old ones or left out.</param>
/// <param name="Managed">Its new managedFields.</param>
public sealed record AppliedObject(ReadOnlyMemory<byte> Json, List<ManagedFieldsEntry>? Managed);

/// <summary>One field that someone else owns.</summary>
/// <param name="Owner">Who.</param>
/// <param name="Path">The field as messages show it.</param>
public readonly record struct FieldConflict(FieldOwner Owner, string Path)
{
    /// <summary>The text of the conflict's cause.</summary>
    public string Cause => $"conflict with {Owner}";
}

/// <summary>Fields of an applied configuration belong to others, and the request does not force them.</summary>
public sealed class ApplyConflictException(IReadOnlyList<FieldConflict> conflicts) : Exception(Text(conflicts))
{
    /// <summary>The conflicts, by owner.</summary>
    public IReadOnlyList<FieldConflict> Conflicts { get; } = conflicts;

    private static string Text(IReadOnlyList<FieldConflict> conflicts)
    {
        if (conflicts is [var only]) return $"Apply failed with 1 conflict: {only.Cause}: {only.Path}";
        IEnumerable<string> lines = conflicts.GroupBy(conflict => conflict.Owner)
            .SelectMany(group => group.Select(conflict => $"- {conflict.Path}").Prepend($"conflicts with {group.Key}:"));
        return $"Apply failed with {conflicts.Count} conflicts: {string.Join('\n', lines)}";
    }
}
