using System.Text.Json;

namespace Cybernetes.Objects;

/// <summary>A struct of the API: every generated class, and the hand-written ones beside them.</summary>
/// <typeparam name="TSelf">The class itself.</typeparam>
public interface IWireObject<TSelf> : IJsonWritable where TSelf : class, IWireObject<TSelf>
{
    /// <summary>
    /// Reads one object; the reader stands on its first token and afterwards on its last. Unknown and duplicate fields go to
    /// <paramref name="context"/>; a value of the wrong type throws <see cref="ObjectDecodeException"/>.
    /// </summary>
    static abstract TSelf ReadJson(ref Utf8JsonReader reader, DecodeContext context);

    /// <summary>A copy that shares nothing mutable with the original.</summary>
    TSelf DeepClone();

    /// <summary>Equality as upstream's semantic equality: empty and absent lists and maps are equal, quantities compare by value.</summary>
    bool SemanticEquals(TSelf? other);
}
