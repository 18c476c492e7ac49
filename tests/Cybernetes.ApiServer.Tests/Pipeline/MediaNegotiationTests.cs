using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Pipeline;

namespace Cybernetes.ApiServer.Tests.Pipeline;

public sealed class MediaNegotiationTests
{
    private const string Table = "application/json;as=Table;v=v1;g=meta.k8s.io";

    [Theory]
    [InlineData(null, "Json None")]
    [InlineData("", "Json None")]
    [InlineData("*/*", "Json None")]
    [InlineData("application/*", "Json None")]
    [InlineData("application/yaml", "Yaml None")]
    [InlineData("application/vnd.kubernetes.protobuf", "Protobuf None")]
    [InlineData("application/vnd.kubernetes.protobuf,application/json", "Protobuf None")]
    [InlineData("application/vnd.kubernetes.protobuf;q=0.4, application/json;q=0.8", "Json None")]
    [InlineData("*/*, application/yaml", "Yaml None")]
    [InlineData("text/html, application/json;q=0.1", "Json None")]
    [InlineData("application/cbor, application/yaml;q=0.2", "Yaml None")]
    [InlineData(Table + ",application/json", "Json Table")]
    [InlineData("application/json;as=Table;v=v1beta1;g=meta.k8s.io", "Json Table v1beta1")]
    [InlineData("application/yaml;as=Table;v=v1;g=meta.k8s.io", "Yaml Table")]
    [InlineData("application/vnd.kubernetes.protobuf;as=Table;v=v1;g=meta.k8s.io, application/json", "Json None")]
    [InlineData("application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io", "Protobuf PartialObjectMetadataList")]
    [InlineData("application/json;as=Table;v=v2;g=meta.k8s.io,application/json", "Json None")]
    [InlineData("application/json;as=Table;v=v1;g=other,application/yaml", "Yaml None")]
    [InlineData("application/json;pretty=1", "Json None pretty")]
    public void Accept_OfAnObject_IsAgreedOn(string? accept, string expected) => Assert.Equal(expected, Agreed(accept, new(Transforms: true)));

    [Theory]
    [InlineData("application/json;stream=watch", "Json None")]
    [InlineData("application/vnd.kubernetes.protobuf;stream=watch", "Protobuf None")]
    [InlineData("application/yaml, application/json;q=0.5", "Json None")]
    [InlineData("*/*", "Json None")]
    public void Accept_OfAWatch_IsAgreedOn(string accept, string expected) => Assert.Equal(expected, Agreed(accept, new(Transforms: true, Stream: true)));

    [Theory]
    [InlineData("text/html", true, false, "application/json, application/yaml, application/vnd.kubernetes.protobuf")]
    [InlineData("application/cbor", true, false, "application/json, application/yaml, application/vnd.kubernetes.protobuf")]
    [InlineData("application/vnd.kubernetes.protobuf", false, false, "application/json, application/yaml")]
    [InlineData("application/yaml", true, true, "application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch")]
    [InlineData("application/json;stream=else", true, false, "application/json, application/yaml, application/vnd.kubernetes.protobuf")]
    public void Accept_OfNothingServed_IsNotAcceptable(string accept, bool protobuf, bool stream, string listed)
    {
        var failure = Assert.Throws<RequestFailure>(() => MediaNegotiation.Negotiate(accept, new MediaOffer(true, protobuf, stream)));

        Assert.Equal((406, "NotAcceptable"), (failure.Code, failure.Reason));
        Assert.Equal("only the following media types are accepted: " + listed, failure.Message);
    }

    private static string Agreed(string? accept, MediaOffer offer)
    {
        var media = MediaNegotiation.Negotiate(accept, offer);
        return $"{media.Format} {media.Transform}{(media.MetaVersion == "v1" ? "" : " " + media.MetaVersion)}{(media.Pretty ? " pretty" : "")}";
    }
}
