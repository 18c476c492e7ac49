using System.Text.Json;
using Cybernetes.ApiServer.Failures;
using Cybernetes.Objects;
using Cybernetes.Objects.Meta.V1;
using Cybernetes.Wire;

namespace Cybernetes.ApiServer.Registry;

/// <summary>The body of a server-side apply, JSON or YAML, ready to be applied to any state of the object.</summary>
internal sealed class ApplyDocument
{
    private readonly byte[] _json;

    private ApplyDocument(byte[] json) => _json = json;

    /// <summary>Reads the body; keys that stand twice are told as the field validation asks.</summary>
    /// <exception cref="RequestFailure">400 of a body that is none, 415 where the kind cannot be applied.</exception>
    public static ApplyDocument Read(byte[] body, ServedVersion version, FieldValidation validation, WriteContext context)
    {
        if (version.ApplySchema is null)
            throw Failure.UnsupportedMediaType(PatchDocument.MediaWithoutSchema);
        // Clients send JSON, which is YAML too; what is not plain JSON takes the long way, and gets YAML's words.
        if (IsPlainJson(body))
            return new(body);
        var duplicates = new List<string>();
        JsonTree tree;
        try
        {
            tree = YamlReader.ReadFirst(body, duplicates);
        }
        catch (YamlException e)
        {
            throw Failure.BadRequest($"error decoding YAML: {e.Message}");
        }
        if (tree is not (JsonMap or JsonScalar { Kind: JsonScalarKind.Null }))
            throw Failure.BadRequest("error decoding YAML: error unmarshaling JSON: while decoding JSON: "
                + $"json: cannot unmarshal {tree.GoKind} into Go value of type map[string]interface {{}}");
        if (duplicates.Count > 0 && validation != FieldValidation.Ignore)
        {
            var text = YamlReader.DuplicatesError(duplicates);
            if (validation == FieldValidation.Strict)
                throw Failure.BadRequest($"error strict decoding YAML: {text}");
            context.Warn(text);
        }
        return new((tree as JsonMap ?? []).ToUtf8());
    }

    private static bool IsPlainJson(byte[] body)
    {
        if (body.Length == 0 || body[0] != (byte)'{')
            return false;
        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = JsonLimits.MaximumDepth, AllowDuplicateProperties = false });
            return true;
        }
        catch (JsonException)
        {
            return false; // no JSON, or keys that stand twice: the reader of YAML says what is wrong
        }
    }

    /// <summary>Applies it.</summary>
    /// <exception cref="RequestFailure">400, 409 of conflicts.</exception>
    public AppliedObject Apply(FieldWrite write, ReadOnlyMemory<byte> live, List<ManagedFieldsEntry>? entries, bool exists, bool force)
    {
        try
        {
            return ServerSideApply.Apply(write, live, _json, entries, exists, force);
        }
        catch (ApplyConflictException conflict)
        {
            throw FieldOwners.FailureOf(conflict);
        }
        catch (PatchException e)
        {
            throw PatchDocument.FailureOf(e);
        }
    }
}
