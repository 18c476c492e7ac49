using Cybernetes.ApiServer.Admission;

namespace Cybernetes.ApiServer.Tests.Admission;

/// <summary>What objects bear from their first write on.</summary>
public sealed class FirstWriteTests
{
    [Theory]
    [InlineData("/api/v1/namespaces/default/persistentvolumeclaims", """
        {"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"a"},
        "spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}
        """, "kubernetes.io/pvc-protection")]
    [InlineData("/api/v1/persistentvolumes", """
        {"apiVersion":"v1","kind":"PersistentVolume","metadata":{"name":"a"},
        "spec":{"accessModes":["ReadWriteOnce"],"capacity":{"storage":"1Gi"},"hostPath":{"path":"/tmp/a"}}}
        """, "kubernetes.io/pv-protection")]
    [InlineData("/apis/storage.k8s.io/v1/volumeattributesclasses", """
        {"apiVersion":"storage.k8s.io/v1","kind":"VolumeAttributesClass","metadata":{"name":"a"},"driverName":"disk.example.com","parameters":{"a":"1"}}
        """, "kubernetes.io/vac-protection")]
    public async Task StorageObject_Created_IsProtectedAtOnce(string path, string json, string finalizer)
    {
        await using var server = await ServerFixture.StartAsync();
        var made = await server.SendAsync("POST", path, json);
        Assert.Equal((201, $"[\"{finalizer}\"]"), (made.Code, made.At("metadata.finalizers")));

        // Once taken off it stays off, as a controller may do when the object goes.
        await server.SendAsync("PATCH", path + "/a", """{"metadata":{"finalizers":null}}""", "application/merge-patch+json");
        Assert.Null((await server.GetAsync(path + "/a")).Json["metadata"]!["finalizers"]);
    }

    [Fact]
    public async Task Finalizer_ThatIsThereAlready_StandsOnce()
    {
        await using var server = await ServerFixture.StartAsync();
        var made = await server.SendAsync("POST", "/api/v1/persistentvolumes", """
            {"apiVersion":"v1","kind":"PersistentVolume","metadata":{"name":"a","finalizers":["kubernetes.io/pv-protection","example.com/mine"]},
            "spec":{"accessModes":["ReadWriteOnce"],"capacity":{"storage":"1Gi"},"hostPath":{"path":"/tmp/a"}}}
            """);
        Assert.Equal("""["kubernetes.io/pv-protection","example.com/mine"]""", made.At("metadata.finalizers"));
    }

    [Theory]
    [InlineData("""{}""", """[{"key":"node.kubernetes.io/not-ready","effect":"NoSchedule"}]""")]
    [InlineData("""{"taints":[{"key":"node.kubernetes.io/not-ready","value":"x","effect":"NoSchedule"}]}""",
        """[{"key":"node.kubernetes.io/not-ready","value":"x","effect":"NoSchedule"}]""")]
    [InlineData("""{"taints":[{"key":"node.kubernetes.io/not-ready","effect":"NoExecute"}]}""",
        """[{"key":"node.kubernetes.io/not-ready","effect":"NoExecute"},{"key":"node.kubernetes.io/not-ready","effect":"NoSchedule"}]""")]
    public async Task Node_Created_IsTaintedUntilItIsReady(string spec, string taints)
    {
        await using var server = await ServerFixture.StartAsync();
        var made = await server.SendAsync("POST", "/api/v1/nodes", $$$"""{"apiVersion":"v1","kind":"Node","metadata":{"name":"a"},"spec":{{{spec}}}}""");
        Assert.Equal((201, taints), (made.Code, made.At("spec.taints")));
    }

    [Fact]
    public async Task Plugins_Disabled_WriteNothing()
    {
        Assert.True(AdmissionSelection.TryCreate([], ["TaintNodesByCondition", "StorageObjectInUseProtection"], out var selection, out _));
        await using var server = await ServerFixture.StartAsync(o => o with { Admission = selection });
        var made = await server.SendAsync("POST", "/api/v1/nodes", """{"apiVersion":"v1","kind":"Node","metadata":{"name":"a"}}""");
        Assert.Null(made.Json["spec"]!["taints"]);
    }
}
