using System.Text;
using Cybernetes.Objects;

namespace Cybernetes.Client.Transport;

/// <summary>A patch and its kind.</summary>
/// <param name="ContentType">The media type that tells the kinds apart.</param>
/// <param name="Body">The patch's bytes.</param>
public readonly record struct ObjectPatch(string ContentType, ReadOnlyMemory<byte> Body)
{
    /// <summary>A list of operations (RFC 6902).</summary>
    public static ObjectPatch Json(string operations) => new("application/json-patch+json", Encoding.UTF8.GetBytes(operations));

    /// <summary>A document laid over the object, lists replaced (RFC 7396).</summary>
    public static ObjectPatch Merge(string document) => new("application/merge-patch+json", Encoding.UTF8.GetBytes(document));

    /// <summary>A document laid over the object, lists merged by their keys (Kubernetes' strategic merge).</summary>
    public static ObjectPatch Strategic(string document) =>
        new("application/strategic-merge-patch+json", Encoding.UTF8.GetBytes(document));

    /// <summary>As <see cref="Strategic(string)"/>, from bytes that must not change any more.</summary>
    public static ObjectPatch Strategic(ReadOnlyMemory<byte> document) => new("application/strategic-merge-patch+json", document);

    /// <summary>Server-side apply of the fields set in an object; the options must name a field manager.</summary>
    public static ObjectPatch Apply<T>(T desired)
        where T : class, IWireObject<T> => new("application/apply-patch+yaml", WireBody.Write(desired));
}
