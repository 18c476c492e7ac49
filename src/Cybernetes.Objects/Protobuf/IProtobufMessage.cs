namespace Cybernetes.Objects;

/// <summary>
/// A struct of the API as the protobuf message that upstream's generated <c>.proto</c> files describe. Every generated class is one, but for those of
/// apiextensions, whose schemas have forms of their own: these go by way of JSON.
/// </summary>
public interface IProtobufMessage
{
    /// <summary>Writes the fields in the order of their numbers; what JSON leaves out is left out.</summary>
    void WriteProtobuf(ProtobufWriter writer);

    /// <summary>Takes over the fields of a message; those it lacks stay as they are, lists grow, as protobuf has it.</summary>
    /// <exception cref="ObjectDecodeException">Malformed.</exception>
    void MergeProtobuf(ReadOnlySpan<byte> message);
}
