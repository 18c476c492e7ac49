using Cybernetes.ApiServer.Failures;
using Cybernetes.Objects;
using Cybernetes.Objects.Meta.V1;
using Cybernetes.Wire;

namespace Cybernetes.ApiServer.Registry;

/// <summary>The body of a server-side apply, JSON or YAML, ready to be applied to any state of the object.</summary>
internal sealed class ApplyDocument : IDisposable
{
    private readonly AppliedConfiguration _configuration;

    private ApplyDocument(AppliedConfiguration configuration) => _configuration = configuration;

    /// <summary>Reads the body; keys that stand twice are told as the field validation asks.</summary>
    /// <exception cref="RequestFailure">400 of a body that is none, 415 where the kind cannot be applied.</exception>
    public static ApplyDocument Read(byte[] body, ServedVersion version, FieldValidation validation, WriteContext context)
    {
        if (version.ApplySchema is null)
            throw Failure.UnsupportedMediaType(PatchDocument.MediaWithoutSchema);
        // Clients send JSON, which is YAML too; what is not plain JSON takes the long way, and gets YAML's words.
        if (AppliedConfiguration.ParsePlain(body) is { } plain)
            return new(plain);
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
        return new(AppliedConfiguration.Parse((tree as JsonMap ?? []).ToUtf8()));
    }

    /// <summary>Gives its room back; it is not applied afterwards.</summary>
    public void Dispose() => _configuration.Dispose();

    /// <summary>Applies it.</summary>
    /// <exception cref="RequestFailure">400, 409 of conflicts.</exception>
    public AppliedObject Apply(FieldWrite write, ReadOnlyMemory<byte> live, List<ManagedFieldsEntry>? entries, bool exists, bool force)
    {
        try
        {
            return ServerSideApply.Apply(write, live, _configuration, entries, exists, force);
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
