using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Pipeline;

namespace Cybernetes.ApiServer.Registry;

/// <summary>A patch as it was sent, ready to be applied to any state of the object.</summary>
internal abstract class PatchDocument
{
    private const string JsonPatchMedia = "application/json-patch+json";
    private const string MergePatchMedia = "application/merge-patch+json";
    private const string StrategicMergePatchMedia = "application/strategic-merge-patch+json";
    private const string ApplyMedia = "application/apply-patch+yaml";

    /// <summary>Whether the request is a server-side apply.</summary>
    public static bool IsApply(ApiRequest request) => MediaOf(request) == ApplyMedia;

    /// <summary>Reads the patch by its content type; a 415 for others.</summary>
    public static PatchDocument Read(ApiRequest request, byte[] body, List<string> findings) => MediaOf(request) switch
    {
        _ => throw new RequestFailure(415, "UnsupportedMediaType", "the body of the request was in an unknown format - accepted media types include: "
            + $"{JsonPatchMedia}, {MergePatchMedia}, {StrategicMergePatchMedia}"),
    };

    /// <summary>The patched object as JSON, of the same version.</summary>
    /// <exception cref="RequestFailure">400 of a patch that is none, 422 of one that does not fit.</exception>
    public abstract byte[] Apply(ReadOnlyMemory<byte> json, ServedVersion version);

    private static string MediaOf(ApiRequest request)
    {
        var media = request.Http.Request.ContentType ?? "";
        var semicolon = media.IndexOf(';');
        return (semicolon < 0 ? media : media[..semicolon]).Trim().ToLowerInvariant();
    }
}
