using System.Text.Json;

namespace Cybernetes.Objects;

/// <summary>A value that writes itself as one JSON value.</summary>
public interface IJsonWritable
{
    /// <summary>Writes the value as Go would: the same field order, empty fields left out where Go leaves them out, map keys sorted.</summary>
    void WriteJson(Utf8JsonWriter writer);
}
