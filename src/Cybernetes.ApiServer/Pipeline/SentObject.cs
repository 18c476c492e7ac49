using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Registry;
using Cybernetes.Objects;
using Cybernetes.Wire;

namespace Cybernetes.ApiServer.Pipeline;

/// <summary>An object in a request's body. A write that must try again reads it again: stages change what they are given.</summary>
internal sealed class SentObject
{
    private readonly ServedKind _target;
    private readonly byte[] _body;
    private readonly byte[]? _json;

    private SentObject(ServedKind target, byte[] body, byte[]? json, IKubernetesObject first)
    {
        _target = target;
        _body = body;
        _json = json;
        First = first;
    }

    /// <summary>The object as it was read first. The caller may change it.</summary>
    public IKubernetesObject First { get; }

    /// <summary>Reads a body of any format, as <see cref="BodyDecoder"/> does; protobuf without a way by JSON where the kind's class can.</summary>
    /// <param name="request">For the kind and the content type.</param>
    /// <param name="body">The body.</param>
    /// <param name="validation">What is done about unknown and duplicate fields; protobuf has none that could be told.</param>
    /// <param name="findings">Receives them.</param>
    public static SentObject Read(ApiRequest request, byte[] body, FieldValidation validation, List<string> findings)
    {
        var target = request.Target;
        if (!request.Kind.SpeaksProtobuf && BodyDecoder.IsProtobuf(request.Http.Request.ContentType))
            throw Failure.UnsupportedMediaType(new MediaOffer(Protobuf: false).Names);
        if (BodyDecoder.IsProtobuf(request.Http.Request.ContentType) && ReadProtobuf(target, body) is { } typed)
            return new(target, body, null, typed);
        var json = BodyDecoder.ToJson(request.Http.Request.ContentType, body, findings);
        return new(target, body, json, BodyDecoder.Decode(target, json, validation, findings));
    }

    /// <summary>The object once more, sharing nothing with what was read before.</summary>
    public IKubernetesObject ReadAgain() =>
        _json is null ? ReadProtobuf(_target, _body)! : BodyDecoder.Decode(_target, _json, FieldValidation.Ignore, []);

    private static IKubernetesObject? ReadProtobuf(ServedKind target, byte[] body)
    {
        try
        {
            var message = ProtobufEnvelope.Open(body, out var apiVersion, out var kind);
            return apiVersion == target.Version.APIVersion && kind == target.Version.Kind ? target.Version.DecodeProtobuf(message) : null;
        }
        catch (ObjectDecodeException)
        {
            // The way by JSON finds the same and says what is wrong, and where, in upstream's words.
            return null;
        }
    }
}
