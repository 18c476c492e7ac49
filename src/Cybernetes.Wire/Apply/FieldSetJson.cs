using System.Text.Json;
using Cybernetes.Objects;

namespace Cybernetes.Wire;

/// <summary>
/// Field sets as JSON (FieldsV1): an object with a property a step, <c>"."</c> for the path itself. Sets that were read lately are kept, since a
/// cluster's objects share few of them.
/// </summary>
public static class FieldSetJson
{
    private const int Slots = 1024;
    private const int MaximumKeptBytes = 8 * 1024;

    // Each slot is replaced as a whole: a reader sees a matching set or another one's.
    private static readonly FieldSet?[] s_recent = new FieldSet?[Slots];

    /// <summary>Reads a set; nothing at all is the empty set.</summary>
    /// <exception cref="ObjectDecodeException">Malformed.</exception>
    public static FieldSet Read(ReadOnlySpan<byte> json)
    {
        if (json.IsEmpty) return FieldSet.Empty;
        bool keep = json.Length <= MaximumKeptBytes;
        int slot = (int)(Hash(json) % Slots);
        if (keep && Volatile.Read(ref s_recent[slot]) is { Json: { } known } recent && json.SequenceEqual(known)) return recent;
        FieldSet set;
        try
        {
            Utf8JsonReader reader = new(json, JsonLimits.ReaderOptions);
            reader.Read();
            if (reader.TokenType == JsonTokenType.Null) return FieldSet.Empty;
            if (reader.TokenType != JsonTokenType.StartObject) throw new ObjectDecodeException("a field set must be an object");
            set = ReadChildren(ref reader, out _);
            reader.Read();
        }
        catch (JsonException error)
        {
            throw new ObjectDecodeException(error.Message, error);
        }
        if (set.IsEmpty || !keep) return set;
        set.Json ??= json.ToArray();
        Volatile.Write(ref s_recent[slot], set);
        return set;
    }

    /// <summary>The set as JSON bytes, which the caller must not change.</summary>
    public static byte[] Write(FieldSet set)
    {
        if (set.Json is { } known) return known;
        JsonPieces to = new(512);
        Write(to, set, isMember: false);
        byte[] json = to.Json.ToArray();
        if (!set.IsEmpty) set.Json = json;
        return json;
    }

    private static uint Hash(ReadOnlySpan<byte> json)
    {
        HashCode hash = default;
        hash.AddBytes(json);
        return (uint)hash.ToHashCode();
    }

    private static void Write(JsonPieces to, FieldSet set, bool isMember)
    {
        to.Open((byte)'{');
        if (isMember) to.Append("\".\":{}"u8);
        foreach (FieldNode node in set.Nodes)
        {
            to.Append(node.Element.Utf8Name);
            Write(to, node.Children ?? FieldSet.Empty, node.IsMember && node.Children is not null);
        }
        to.Close((byte)'}');
    }

    private static FieldSet ReadChildren(ref Utf8JsonReader reader, out bool isMember)
    {
        List<FieldNode>? nodes = null;
        isMember = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("."u8))
            {
                isMember = true;
                reader.Read();
                reader.Skip();
                continue;
            }
            PathElement? element = ElementOf(ref reader);
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject) throw new ObjectDecodeException("a field set must be an object");
            FieldSet below = ReadChildren(ref reader, out bool isSelf);
            if (element is null) continue;
            (nodes ??= []).Add(new FieldNode(element, isSelf || below.IsEmpty, below.IsEmpty ? null : below));
        }
        return FieldSet.Of(nodes);
    }

    private static PathElement? ElementOf(ref Utf8JsonReader reader)
    {
        ReadOnlySpan<byte> name = reader.ValueSpan;
        bool isField = !reader.ValueIsEscaped && name.Length >= 2 && name[0] == (byte)'f' && name[1] == (byte)':';
        return isField ? RecentElements.Field(name[2..]) : PathElement.Parse(reader.GetString()!);
    }
}
