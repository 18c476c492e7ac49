using System.Text.Json;
using Cybernetes.Objects;

namespace Cybernetes.Wire;

/// <summary>A configuration to be applied, parsed once for all attempts. Dispose it after the last.</summary>
public sealed class AppliedConfiguration : IDisposable
{
    private AppliedConfiguration(JsonTape tape) => Tape = tape;

    internal JsonTape Tape { get; }

    /// <summary>Reads a document.</summary>
    /// <exception cref="ObjectDecodeException">It is no JSON.</exception>
    public static AppliedConfiguration Parse(ReadOnlyMemory<byte> json)
    {
        try
        {
            return new AppliedConfiguration(JsonTape.Parse(json));
        }
        catch (JsonException error)
        {
            throw new ObjectDecodeException(error.Message, error);
        }
    }

    /// <summary>Reads an object of JSON in which no key stands twice.</summary>
    /// <returns>Null for anything else.</returns>
    public static AppliedConfiguration? ParsePlain(byte[] json)
    {
        if (json.Length == 0 || json[0] != (byte)'{') return null;
        try
        {
            JsonTape tape = JsonTape.Parse(json);
            if (!tape.HasDuplicates()) return new AppliedConfiguration(tape);
            tape.Dispose();
            return null;
        }
        catch (JsonException)
        {
            return null; // no JSON: the caller knows other forms, and words
        }
    }

    public void Dispose() => Tape.Dispose();
}
