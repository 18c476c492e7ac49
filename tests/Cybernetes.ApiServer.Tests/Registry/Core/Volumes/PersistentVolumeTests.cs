using Cybernetes.ApiServer.Registry.Core.Volumes;

namespace Cybernetes.ApiServer.Tests.Registry.Core.Volumes;

public sealed class PersistentVolumeTests
{
    private const string Good = """ "capacity":{"storage":"1Gi"},"accessModes":["ReadWriteOnce"],"hostPath":{"path":"/data"} """;
    private static readonly PersistentVolumeKind Kind = new();

    [Theory]
    [InlineData(""" """, "spec.accessModes: Required value|spec.capacity: Required value|spec.capacity: Unsupported value: null: supported values: \"storage\"|spec: Required value: must specify a volume type")]
    [InlineData(""" "capacity":{"storage":"0","cpu":"1"},"accessModes":["ReadWriteOnce"],"hostPath":{"path":"/d"} """, "spec.capacity: Unsupported value: {\"cpu\":\"1\",\"storage\":\"0\"}: supported values: \"storage\"|spec.capacity[storage]: Invalid value: \"0\": must be greater than zero")]
    [InlineData(""" "capacity":{"storage":"1"},"accessModes":["ReadWriteOncePod","ReadWriteMany","Often"],"hostPath":{"path":"/d"} """, "spec.accessModes: Unsupported value: \"Often\": supported values: \"ReadOnlyMany\", \"ReadWriteMany\", \"ReadWriteOnce\", \"ReadWriteOncePod\"|spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes")]
    [InlineData(""" "capacity":{"storage":"1"},"accessModes":["ReadWriteOnce"],"hostPath":{"path":"/d"},"nfs":{"server":"s","path":"/p"} """, "spec.nfs: Forbidden: may not specify more than 1 volume type")]
    [InlineData(""" "capacity":{"storage":"1"},"accessModes":["ReadWriteOnce"],"hostPath":{"path":"/"},"persistentVolumeReclaimPolicy":"Recycle" """, "spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'")]
    [InlineData(""" "capacity":{"storage":"1"},"accessModes":["ReadWriteOnce"],"hostPath":{"path":"/d"},"persistentVolumeReclaimPolicy":"Keep" """, "spec.persistentVolumeReclaimPolicy: Unsupported value: \"Keep\": supported values: \"Delete\", \"Recycle\", \"Retain\"")]
    [InlineData(""" "capacity":{"storage":"1"},"accessModes":["ReadWriteOnce"],"local":{"path":""} """, "spec.local.path: Required value|spec.nodeAffinity: Required value: Local volume requires node affinity")]
    [InlineData(""" "capacity":{"storage":"1"},"accessModes":["ReadWriteOnce"],"hostPath":{"path":"/d"},"nodeAffinity":{"required":{"nodeSelectorTerms":[]}} """, "spec.nodeAffinity.required.nodeSelectorTerms: Required value: must have at least one node selector term")]
    [InlineData(""" "capacity":{"storage":"1"},"accessModes":["ReadWriteOnce"],"hostPath":{"path":"/d"},"nodeAffinity":{} """, "spec.nodeAffinity.required: Required value: must specify required node constraints")]
    [InlineData(""" "capacity":{"storage":"1"},"accessModes":["ReadWriteOnce"],"csi":{"driver":"d.io","controllerPublishSecretRef":{"name":"n"}} """, "spec.csi.volumeHandle: Required value|spec.csi.controllerPublishSecretRef.namespace: Required value")]
    [InlineData(""" "capacity":{"storage":"1"},"accessModes":["ReadWriteOnce"],"hostPath":{"path":"/d"},"volumeAttributesClassName":"" """, "spec.volumeAttributesClassName: Required value: an empty string is disallowed|spec.csi: Required value: has to be specified when using volumeAttributesClassName")]
    [InlineData(""" "capacity":{"storage":"1"},"accessModes":["ReadWriteOnce"],"iscsi":{"targetPortal":"p","iqn":"x","lun":300,"chapAuthSession":true} """, "spec.iscsi.iqn: Invalid value: \"x\": must be valid format starting with iqn, eui, or naa|spec.iscsi.lun: Invalid value: 300: must be between 0 and 255, inclusive|spec.iscsi.secretRef: Required value")]
    [InlineData(""" "capacity":{"storage":"1"},"accessModes":["ReadWriteOnce"],"cinder":{"volumeID":"","secretRef":{}} """, "spec.cinder.volumeID: Required value|spec.cinder.secretRef.name: Required value|spec.cinder.secretRef.namespace: Required value")]
    public void Create_BadField_Explains(string spec, string expected) =>
        Assert.Equal(expected.Split('|'), KindBench.CreateErrors(Kind, Volume(spec)));

    [Fact]
    public void Defaults_OfVolume_AreUpstreams()
    {
        var actual = KindBench.Defaulted(Kind, Volume(""" "capacity":{"storage":"1Gi"},"accessModes":["ReadWriteOnce"],"rbd":{"monitors":["m"],"image":"i"} """));
        Assert.True(KindBench.SameJson(
            """
            {"kind":"PersistentVolume","apiVersion":"v1","metadata":{"name":"v"},"spec":{"capacity":{"storage":"1Gi"},
             "rbd":{"monitors":["m"],"image":"i","pool":"rbd","user":"admin","keyring":"/etc/ceph/keyring"},
             "accessModes":["ReadWriteOnce"],"persistentVolumeReclaimPolicy":"Retain","volumeMode":"Filesystem"},"status":{"phase":"Pending"}}
            """, actual), actual);
    }

    [Theory]
    [InlineData("""{"path":"/other"}""", "Filesystem", "spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation\n  - hostPath.path: \"/data\"\n  + hostPath.path: \"/other\"\n")]
    [InlineData("""{"path":"/data"}""", "Block", "volumeMode: Invalid value: \"Block\": field is immutable")]
    public void Update_Immutable_IsRefused(string host, string mode, string expected) => Assert.Equal([expected], KindBench.UpdateErrors(
        Kind, Volume(Good),
        Volume($$""" "capacity":{"storage":"1Gi"},"accessModes":["ReadWriteOnce"],"volumeMode":"{{mode}}","hostPath":{{host}} """)));

    [Fact]
    public void Update_NodeAffinity_FollowsRenamedLabelsOnly()
    {
        const string term = """ {0},"nodeAffinity":{{"required":{{"nodeSelectorTerms":[{{"matchExpressions":[{{"key":"{1}","operator":"In","values":["a"]}}]}}]}}}} """;
        string With(string key) => Volume(term.Replace("{0}", Good, StringComparison.Ordinal).Replace("{1}", key, StringComparison.Ordinal)
            .Replace("{{", "{", StringComparison.Ordinal).Replace("}}", "}", StringComparison.Ordinal));
        Assert.Empty(KindBench.UpdateErrors(Kind, With("beta.kubernetes.io/os"), With("kubernetes.io/os")));
        Assert.Equal(
            ["""nodeAffinity: Invalid value: {"Required":{"NodeSelectorTerms":[{"MatchExpressions":[{"Key":"kubernetes.io/hostname","Operator":"In","Values":["a"]}],"MatchFields":null}]}}: field is immutable, except for updating from beta label to GA"""],
            KindBench.UpdateErrors(Kind, With("kubernetes.io/os"), With("kubernetes.io/hostname")));
    }

    [Fact]
    public void Row_OfVolume_IsUpstreams() => Assert.Equal("v | 1Gi | RWO,RWX | Retain | Bound | ns/c | fast | <unset> |  | 3h | Block", KindBench.Row(Kind,
        """
        {"metadata":{"name":"v","creationTimestamp":"2026-01-02T00:04:05Z"},"spec":{"capacity":{"storage":"1Gi"},"accessModes":["ReadWriteMany","ReadWriteOnce"],
         "persistentVolumeReclaimPolicy":"Retain","claimRef":{"namespace":"ns","name":"c"},"storageClassName":"fast","volumeMode":"Block"},"status":{"phase":"Bound"}}
        """));

    private static string Volume(string spec) => $$"""{"metadata":{"name":"v"},"spec":{ {{spec}} } }""";
}
