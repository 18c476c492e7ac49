using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.Deployments;

/// <summary>The <c>pod-template-hash</c>: FNV-1a over the template's JSON and the collision count, in letters that spell no words.</summary>
internal static class TemplateHash
{
    public const string Label = "pod-template-hash";

    private const string Safe = "bcdfghjklmnpqrstvwxz2456789";

    public static string Of(PodTemplateSpec template, int? collisionCount)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
            template.WriteJson(writer);
        if (collisionCount is { } count)
        {
            Span<byte> bytes = stackalloc byte[sizeof(int)];
            BinaryPrimitives.WriteInt32LittleEndian(bytes, count);
            stream.Write(bytes);
        }
        return Of(stream.GetBuffer().AsSpan(0, (int)stream.Length));
    }

    /// <summary>The same of any bytes.</summary>
    public static string Of(ReadOnlySpan<byte> bytes)
    {
        var hash = 2166136261u;
        foreach (var b in bytes)
            hash = (hash ^ b) * 16777619u;
        return string.Concat(hash.ToString(CultureInfo.InvariantCulture).Select(c => Safe[c % Safe.Length]));
    }

    /// <summary>Whether two templates are the same but for the hash label.</summary>
    public static bool Equal(PodTemplateSpec left, PodTemplateSpec right) => Without(left).SemanticEquals(Without(right));

    private static PodTemplateSpec Without(PodTemplateSpec template)
    {
        if (template.Metadata.Labels?.ContainsKey(Label) != true)
            return template;
        var copy = template.DeepClone();
        copy.Metadata.Labels!.Remove(Label);
        return copy;
    }
}
