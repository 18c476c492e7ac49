using System.Text.Json;

namespace Cybernetes.Wire;

/// <summary>Takes fields out of a document. Maps and lists that lose all they had become null, which decodes as absent.</summary>
internal static class FieldRemoval
{
    /// <summary>The document without these fields.</summary>
    public static ReadOnlyMemory<byte> Remove(TapeValue document, FieldSet fields, ApplySchema schema)
    {
        JsonPieces to = new(document.Raw.Length + 8);
        Write(to, schema, document, fields);
        return to.Json;
    }

    private static void Write(JsonPieces to, ApplySchema schema, TapeValue value, FieldSet fields)
    {
        ApplyShape shape = ApplyValues.ShapeOf(schema, value);
        if (ApplyValues.IsLeaf(schema, shape)) to.Copy(value);
        else if (ApplyValues.IsEmpty(value)) to.Null();
        else if (shape == ApplyShape.Map) Map(to, schema, value, fields);
        else List(to, schema, value, fields);
    }

    private static void Map(JsonPieces to, ApplySchema schema, TapeValue value, FieldSet fields)
    {
        bool isStarted = false;
        int place = 0;
        foreach (TapeValue property in value)
        {
            ApplyField? field = ApplyValues.FieldOf(schema, property, ref place);
            bool isMet = fields.TryGet(field?.Element ?? RecentElements.Field(property), out FieldNode node);
            if (isMet && node.IsMember) continue;
            if (!isStarted) to.Open((byte)'{');
            isStarted = true;
            to.CopyName(property);
            if (isMet && node.Children is not null)
                Write(to, field?.Schema ?? schema.Element ?? ApplySchema.Deduced, property, node.Children);
            else to.Copy(property);
        }
        if (isStarted) to.Close((byte)'}');
        else to.Null();
    }

    private static void List(JsonPieces to, ApplySchema schema, TapeValue value, FieldSet fields)
    {
        bool isStarted = false;
        foreach (TapeValue item in value)
        {
            FieldNode node = default;
            bool isMet = RecentElements.Of(schema, item) is { } element && fields.TryGet(element, out node);
            if (isMet && node.IsMember) continue;
            if (!isStarted) to.Open((byte)'[');
            isStarted = true;
            if (isMet && node.Children is not null) Write(to, schema.Element ?? ApplySchema.Deduced, item, node.Children);
            else to.Copy(item);
        }
        if (isStarted) to.Close((byte)']');
        else to.Null();
    }
}
