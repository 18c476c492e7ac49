using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Pipeline;
using Cybernetes.Objects;
using Cybernetes.Wire;

namespace Cybernetes.ApiServer.Registry;

/// <summary>A patch as it was sent, ready to be applied to any state of the object.</summary>
internal sealed class PatchDocument
{
    private const string JsonPatchMedia = "application/json-patch+json";
    private const string MergePatchMedia = "application/merge-patch+json";
    private const string StrategicMergePatchMedia = "application/strategic-merge-patch+json";
    private const string ApplyMedia = "application/apply-patch+yaml";

    /// <summary>What a kind takes whose types are not known.</summary>
    public const string MediaWithoutSchema = $"{JsonPatchMedia}, {MergePatchMedia}";

    private const string AllMedia = $"{JsonPatchMedia}, {MergePatchMedia}, {StrategicMergePatchMedia}, {ApplyMedia}";

    private readonly Func<ReadOnlyMemory<byte>, ServedVersion, List<string>, JsonTree> _apply;

    private PatchDocument(Func<ReadOnlyMemory<byte>, ServedVersion, List<string>, JsonTree> apply) => _apply = apply;

    /// <summary>Whether the request is a server-side apply.</summary>
    public static bool IsApply(ApiRequest request) => MediaOf(request) == ApplyMedia;

    /// <summary>Reads the patch by its content type; a 415 for others.</summary>
    public static PatchDocument Read(ApiRequest request, byte[] body) => MediaOf(request) switch
    {
        JsonPatchMedia => new((target, _, findings) => ApplyJsonPatch(target, body, findings)),
        MergePatchMedia => new((target, version, findings) =>
            Noting(findings, context => JsonMergePatch.Apply(target, KeepsOwners(version), body, context))),
        StrategicMergePatchMedia => new((target, version, findings) =>
            Noting(findings, context => ApplyStrategic(target, body, version, context))),
        _ => throw Failure.UnsupportedMediaType(AllMedia),
    };

    /// <summary>
    /// The patched object as JSON, of the same version. Where owners are kept, managedFields may be left out unless the patch sets it: an update
    /// without it keeps what is stored.
    /// </summary>
    /// <param name="json">The object in the version that is patched.</param>
    /// <param name="version">That version.</param>
    /// <param name="findings">Receives what is given twice in the patch.</param>
    /// <exception cref="RequestFailure">400 of a patch that is none, 422 of one that does not fit.</exception>
    public byte[] Apply(ReadOnlyMemory<byte> json, ServedVersion version, List<string> findings)
    {
        try
        {
            return _apply(json, version, findings).ToUtf8();
        }
        catch (PatchException e)
        {
            throw FailureOf(e);
        }
        catch (ObjectDecodeException e)
        {
            throw Failure.BadRequest(e.Message);
        }
    }

    /// <summary>The failure that a patch's means to a client.</summary>
    public static RequestFailure FailureOf(PatchException e) => e.Failure switch
    {
        PatchFailure.BadRequest => Failure.BadRequest(e.Message),
        // Upstream's words tell nothing of what is wrong, and clients know them.
        PatchFailure.Unprocessable => new(422, "Invalid", "the server rejected our request due to an error in our request") { HasDetails = true },
        PatchFailure.TooLarge => new(413, "RequestEntityTooLarge", $"Request entity too large: {e.Message}"),
        // Upstream answers 500 to both; but a patch that says nonsense is no fault of the server. Clients see the same text.
        PatchFailure.Unclassified => new(400, "", e.Message),
        _ => Failure.BadRequest(e.Message),
    };

    private static bool KeepsOwners(ServedVersion version) => version.ApplySchema is not null;

    private static JsonTree ApplyJsonPatch(ReadOnlyMemory<byte> target, byte[] body, List<string> findings)
    {
        var patch = JsonPatch.Parse(body, new DecodeContext());
        findings.AddRange(patch.StrictFindings);
        return patch.Apply(JsonTree.ParseMap(target.Span));
    }

    private static JsonTree Noting(List<string> findings, Func<DecodeContext, JsonTree> apply)
    {
        var context = new DecodeContext();
        var patched = apply(context);
        findings.AddRange(context.StrictFindings);
        return patched;
    }

    private static JsonMap ApplyStrategic(ReadOnlyMemory<byte> target, byte[] patch, ServedVersion version, DecodeContext? context)
    {
        if (version.Facts is not { } facts)
            throw Failure.UnsupportedMediaType(MediaWithoutSchema);
        return StrategicMergePatch.Apply(target, KeepsOwners(version), patch, PatchSchema.Of(facts), context);
    }

    private static string MediaOf(ApiRequest request)
    {
        var media = request.Http.Request.ContentType ?? "";
        var semicolon = media.IndexOf(';');
        return (semicolon < 0 ? media : media[..semicolon]).Trim().ToLowerInvariant();
    }
}
