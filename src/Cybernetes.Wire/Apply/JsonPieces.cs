namespace Cybernetes.Wire;

/// <summary>
/// Puts a JSON document together from pieces of others, byte for byte. Sets the commas, checks nothing: what comes in was parsed. Not shared.
/// </summary>
internal sealed class JsonPieces
{
    private byte[] _bytes;
    private int _length;

    /// <summary>Begins an empty document.</summary>
    /// <param name="capacity">The bytes to expect.</param>
    public JsonPieces(int capacity) => _bytes = GC.AllocateUninitializedArray<byte>(Math.Max(capacity, 64));

    /// <summary>What was put together. The bytes are the caller's; nothing is added afterwards.</summary>
    public ReadOnlyMemory<byte> Json => _bytes.AsMemory(0, _length);

    /// <summary>Opens a map or list.</summary>
    public void Open(byte bracket)
    {
        Comma();
        Add(bracket);
    }

    /// <summary>Closes it.</summary>
    public void Close(byte bracket) => Add(bracket);

    /// <summary>A whole value.</summary>
    public void Copy(TapeValue value) => Append(value.Raw);

    /// <summary>The name of a property, as it is written where it comes from.</summary>
    public void CopyName(TapeValue property)
    {
        ReadOnlySpan<byte> name = property.RawName;
        Comma();
        Add((byte)'"');
        Add(name);
        Add("\":"u8);
    }

    /// <summary>A whole value, or a name with its colon, as bytes.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        Comma();
        Add(bytes);
    }

    /// <summary>JSON's null.</summary>
    public void Null() => Append("null"u8);

    /// <summary>How many bytes there are.</summary>
    public int Length => _length;

    /// <summary>Takes back what came after a length.</summary>
    public void Truncate(int length) => _length = length;

    /// <summary>Begins another document in the same room, which what was written before gives up.</summary>
    public void Clear() => _length = 0;

    /// <summary>What came after a length.</summary>
    public ReadOnlySpan<byte> Since(int length) => _bytes.AsSpan(length, _length - length);

    // A value ends before, unless something was just opened or named.
    private void Comma()
    {
        if (_length > 0 && _bytes[_length - 1] is not ((byte)'{' or (byte)'[' or (byte)':')) Add((byte)',');
    }

    private void Add(byte value)
    {
        if (_length == _bytes.Length) Array.Resize(ref _bytes, _bytes.Length * 2);
        _bytes[_length++] = value;
    }

    private void Add(ReadOnlySpan<byte> value)
    {
        if (value.Length > _bytes.Length - _length) Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + value.Length));
        value.CopyTo(_bytes.AsSpan(_length));
        _length += value.Length;
    }
}
