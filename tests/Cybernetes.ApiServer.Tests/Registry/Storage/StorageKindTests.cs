using Cybernetes.ApiServer.Registry;
using Cybernetes.ApiServer.Registry.Storage;
using Cybernetes.Objects.Storage.V1;

namespace Cybernetes.ApiServer.Tests.Registry.Storage;

public sealed class StorageKindTests
{
    private static readonly StorageClassKind Class = new();
    private static readonly VolumeAttachmentKind Attachment = new();
    private static readonly CSIDriverKind Driver = new();
    private static readonly CSINodeKind Node = new();
    private static readonly CSIStorageCapacityKind Capacity = new();
    private static readonly VolumeAttributesClassKind Attributes = new();

    [Theory]
    [InlineData(""" """, "provisioner: Required value")]
    [InlineData(""" "provisioner":"a b","reclaimPolicy":"Recycle","volumeBindingMode":"Later" """, "provisioner: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')|reclaimPolicy: Unsupported value: \"Recycle\": supported values: \"Delete\", \"Retain\"|volumeBindingMode: Unsupported value: \"Later\": supported values: \"Immediate\", \"WaitForFirstConsumer\"")]
    [InlineData(""" "provisioner":"p","parameters":{"":"x"} """, "parameters: Invalid value: \"\": field can not be empty.")]
    [InlineData(""" "provisioner":"p","allowedTopologies":[{"matchLabelExpressions":[{"key":"zone","values":["a","a"]},{"key":"zone","values":[]}]}] """, "allowedTopologies[0].matchLabelExpressions[0].values[1]: Duplicate value: \"a\"|allowedTopologies[0].matchLabelExpressions[1].values: Required value|allowedTopologies[0].matchLabelExpressions[1].key: Duplicate value: \"zone\"")]
    [InlineData(""" "provisioner":"p","allowedTopologies":[{"matchLabelExpressions":[{"key":"zone","values":["a"]}]},{"matchLabelExpressions":[{"key":"zone","values":["a"]}]}] """, "allowedTopologies[1].matchLabelExpressions: Duplicate value: \"\"")]
    public void CreateClass_BadField_Explains(string fields, string expected) =>
        Assert.Equal(expected.Split('|'), KindBench.CreateErrors(Class, Of(fields)));

    [Fact]
    public void UpdateClass_ImmutableFields_AreRefused() => Assert.Equal(
        [
            "parameters: Forbidden: updates to parameters are forbidden.", "provisioner: Forbidden: updates to provisioner are forbidden.",
            "reclaimPolicy: Forbidden: updates to reclaimPolicy are forbidden.", "volumeBindingMode: Invalid value: \"WaitForFirstConsumer\": field is immutable",
        ],
        KindBench.UpdateErrors(Class, Of(""" "provisioner":"p" """),
            Of(""" "provisioner":"q","parameters":{"a":"b"},"reclaimPolicy":"Retain","volumeBindingMode":"WaitForFirstConsumer" """)));

    [Fact]
    public void Row_OfClass_MarksTheDefault()
    {
        Assert.Equal("n (default) | p | Delete | Immediate | True | <unknown>", KindBench.Row(Class,
            """{"metadata":{"name":"n","annotations":{"storageclass.kubernetes.io/is-default-class":"true"}},"provisioner":"p","reclaimPolicy":"Delete","volumeBindingMode":"Immediate","allowVolumeExpansion":true}"""));
        Assert.Equal("n | p | Delete | <unset> | False | <unknown>", KindBench.Row(Class, Of(""" "provisioner":"p" """)));
    }

    [Theory]
    [InlineData(""" "attacher":"","nodeName":"n","source":{} """, "spec.attacher: Required value|spec.source: Required value: must specify exactly one of inlineVolumeSpec and persistentVolumeName|spec.attacher: Required value|spec.attacher: Invalid value: \"\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')")]
    [InlineData(""" "attacher":"a","nodeName":"n","source":{"inlineVolumeSpec":{"accessModes":["ReadWriteOnce"],"capacity":{"storage":"1"},"hostPath":{"path":"/x"}}} """, "spec.source.inlineVolumeSpec.capacity: Forbidden: may not be specified in the context of inline volumes|spec.source.inlineVolumeSpec.csi: Required value: has to be specified in the context of inline volumes")]
    public void CreateAttachment_BadField_Explains(string spec, string expected) =>
        Assert.Equal(expected.Split('|'), KindBench.CreateErrors(Attachment, Of($$""" "spec":{ {{spec}} } """)));

    [Fact]
    public void UpdateAttachment_Spec_IsImmutable() => Assert.Equal(
        ["""spec: Invalid value: {"Attacher":"b","Source":{"PersistentVolumeName":"v","InlineVolumeSpec":null},"NodeName":"n"}: field is immutable"""],
        KindBench.UpdateErrors(Attachment,
            Of(""" "spec":{"attacher":"a","nodeName":"n","source":{"persistentVolumeName":"v"}} """),
            Of(""" "spec":{"attacher":"b","nodeName":"n","source":{"persistentVolumeName":"v"}} """)));

    [Theory]
    [InlineData(""" "fsGroupPolicy":"Odd" """, "spec.fsGroupPolicy: Unsupported value: \"Odd\": supported values: \"File\", \"None\", \"ReadWriteOnceWithFSType\"")]
    [InlineData(""" "tokenRequests":[{"audience":"a","expirationSeconds":10},{"audience":"a"}] """, "spec.tokenRequests[0].expirationSeconds: Invalid value: 10: may not specify a duration less than 10 minutes|spec.tokenRequests[1].audience: Duplicate value: \"a\"")]
    [InlineData(""" "volumeLifecycleModes":["Brief"] """, "spec.volumeLifecycleModes: Unsupported value: \"Brief\": supported values: \"Persistent\", \"Ephemeral\"")]
    [InlineData(""" "nodeAllocatableUpdatePeriodSeconds":5 """, "spec.nodeAllocatableUpdatePeriodSeconds: Invalid value: 5: must be greater than or equal to 10 seconds")]
    public void CreateDriver_BadField_Explains(string spec, string expected) =>
        Assert.Equal(expected.Split('|'), KindBench.CreateErrors(Driver, Of($$""" "spec":{ {{spec}} } """)));

    [Fact]
    public void Driver_DefaultsAndRow_AreUpstreams()
    {
        var driver = (CSIDriver)KindBench.Created(Driver, Of(""" "spec":{"preventPodSchedulingIfMissing":true} """));
        Assert.Equal("n | True | False | False | <unset> | False | Persistent | <unknown>", KindBench.Row(Driver, KindBench.Json(driver).Replace("\"creationTimestamp\":null,", "", StringComparison.Ordinal)));
        Assert.Null(driver.Spec.PreventPodSchedulingIfMissing);
        Assert.Equal(["spec.attachedRequired: Invalid value: false: field is immutable"],
            KindBench.UpdateErrors(Driver, Of(""" "spec":{} """), Of(""" "spec":{"attachRequired":false} """)));
    }

    [Fact]
    public void Node_Drivers_AreCheckedAndKept()
    {
        Assert.Equal(["spec.drivers[0].nodeID: Required value", "spec.drivers[0].allocatable.count: Invalid value: -1: must be greater than or equal to 0", "spec.drivers[1].name: Duplicate value: \"d\"", "spec.drivers[1]: Duplicate value: \"k\""],
            KindBench.CreateErrors(Node, Of(""" "spec":{"drivers":[{"name":"d","nodeID":"","allocatable":{"count":-1}},{"name":"d","nodeID":"i","topologyKeys":["k","k"]}]} """)));
        Assert.Equal(["""spec.drivers: Invalid value: {"Name":"d","NodeID":"j","TopologyKeys":null,"Allocatable":null}: field is immutable"""],
            KindBench.UpdateErrors(Node, Of(""" "spec":{"drivers":[{"name":"d","nodeID":"i"}]} """), Of(""" "spec":{"drivers":[{"name":"d","nodeID":"j","allocatable":{"count":3}}]} """)));
    }

    [Fact]
    public void Capacity_InputFields_AreImmutable() => Assert.Equal(
        ["nodeTopology: Invalid value: {\"matchLabels\":{\"a\":\"b\"}}: field is immutable", "storageClassName: Invalid value: \"t\": field is immutable"],
        KindBench.UpdateErrors(Capacity, Of(""" "storageClassName":"s" """), Of(""" "storageClassName":"t","nodeTopology":{"matchLabels":{"a":"b"}} """)));

    [Fact]
    public void Attributes_Parameters_AreNeededAndKept()
    {
        Assert.Equal(["driverName: Required value", "parameters: Required value: must contain at least one key/value pair"], KindBench.CreateErrors(Attributes, Of(""" """)));
        Assert.Equal(["driverName: Forbidden: updates to driverName are forbidden.", "parameters: Forbidden: updates to parameters are forbidden."],
            KindBench.UpdateErrors(Attributes, Of(""" "driverName":"d","parameters":{"a":"b"} """), Of(""" "driverName":"e","parameters":{"a":"c"} """)));
    }

    [Fact]
    public void Versions_OfStorage_AreOlderOrBeta()
    {
        Assert.Equal(["v1", "v1beta1 older"], Versions(Class));
        Assert.Equal(["v1", "v1beta1 older", "v1alpha1 older"], Versions(Attachment));
        Assert.Equal(["v1", "v1beta1", "v1alpha1"], Versions(Attributes));
    }

    private static List<string> Versions(KindDefinition kind) => [.. kind.Served.Select(v => v.IsOlder ? v.Version + " older" : v.Version)];

    private static string Of(string fields) => fields.Trim().Length == 0 ? """{"metadata":{"name":"n"}}""" : $$"""{"metadata":{"name":"n"},{{fields}}}""";
}
