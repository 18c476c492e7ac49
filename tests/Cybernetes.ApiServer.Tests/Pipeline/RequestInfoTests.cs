using Cybernetes.ApiServer.Pipeline;
using Cybernetes.ApiServer.Registry;

namespace Cybernetes.ApiServer.Tests.Pipeline;

public sealed class RequestInfoTests
{
    private static readonly KindCatalog s_none = new([]);

    // method, path, watch → verb | group | version | namespace | resource | name | subresource | rest | long running
    [Theory]
    [InlineData("GET", "/api/v1/namespaces/default/pods/web", false, "get||v1|default|pods|web|||False")]
    [InlineData("HEAD", "/api/v1/namespaces/default/pods/web", false, "get||v1|default|pods|web|||False")]
    [InlineData("GET", "/api/v1/pods", false, "list||v1||pods||||False")]
    [InlineData("GET", "/api/v1/pods", true, "watch||v1||pods||||True")]
    [InlineData("GET", "/api/v1/namespaces/default/pods/web", true, "watch||v1|default|pods|web|||True")]
    [InlineData("GET", "/api/v1/namespaces/default/pods/web/log", true, "get||v1|default|pods|web|log||True")]
    [InlineData("GET", "/api/v1/watch/namespaces/default/pods", false, "watch||v1|default|pods||||True")]
    [InlineData("GET", "/api/v1/watch/pods/web/status", false, "watch||v1||pods|web|status||True")]
    [InlineData("GET", "/api/v1/namespaces", false, "list||v1||namespaces||||False")]
    [InlineData("GET", "/api/v1/namespaces/default", false, "get||v1|default|namespaces|default|||False")]
    [InlineData("PUT", "/api/v1/namespaces/default/finalize", false, "update||v1|default|namespaces|default|finalize||False")]
    [InlineData("PUT", "/api/v1/namespaces/default/status", false, "update||v1|default|namespaces|default|status||False")]
    [InlineData("POST", "/apis/apps/v1/namespaces/a/deployments", false, "create|apps|v1|a|deployments||||False")]
    [InlineData("DELETE", "/apis/apps/v1/namespaces/a/deployments", false, "deletecollection|apps|v1|a|deployments||||False")]
    [InlineData("DELETE", "/apis/apps/v1/namespaces/a/deployments/b", false, "delete|apps|v1|a|deployments|b|||False")]
    [InlineData("PATCH", "//apis/apps//v1/namespaces/a/deployments/b/scale/", false, "patch|apps|v1|a|deployments|b|scale||False")]
    [InlineData("GET", "/api/v1/namespaces/a/services/b/proxy/1//2/3/4/5/6/7/8/9/10", false,
        "get||v1|a|services|b|proxy|1/2/3/4/5/6/7/8/9/10|True")]
    public void Read_ResourcePath_FactsOfIt(string method, string path, bool watch, string expected)
    {
        var info = RequestInfo.Read(method, path, watch, "", s_none);
        Assert.True(info.IsResource);
        Assert.Equal(expected, string.Join('|',
            info.Verb, info.Group, info.Version, info.Namespace, info.Resource, info.Name, info.Subresource, info.Rest, info.IsLongRunning));
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/api")]
    [InlineData("/api/v1/")]
    [InlineData("/apis/apps/v1")]
    [InlineData("/healthz/etcd/x/y")]
    public void Read_OtherPath_IsNoResource(string path)
    {
        var info = RequestInfo.Read("GET", path, true, "", s_none);
        Assert.False(info.IsResource);
        Assert.Equal("get", info.Verb);
    }

    [Theory]
    [InlineData("GET", "/api/v1/pods", "one")]
    [InlineData("DELETE", "/api/v1/pods", "one")]
    [InlineData("POST", "/api/v1/pods", "")]
    [InlineData("GET", "/api/v1/namespaces/a/pods/two", "two")]
    public void Read_NamePinnedBySelector_CountsForCollections(string method, string path, string expected) =>
        Assert.Equal(expected, RequestInfo.Read(method, path, false, "one", s_none).Name);
}
