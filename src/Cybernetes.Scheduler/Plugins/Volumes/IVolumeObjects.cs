using Cybernetes.Client.Informers;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Storage.V1;

namespace Cybernetes.Scheduler.Plugins.Volumes;

/// <summary>The storage objects that scheduling looks at. What it gives is shared: not to be changed.</summary>
internal interface IVolumeObjects
{
    PersistentVolumeClaim? Claim(string ns, string name);

    PersistentVolume? Volume(string name);

    /// <summary>All volumes of a storage class; the empty name for those of none.</summary>
    IReadOnlyList<PersistentVolume> VolumesOf(string className);

    StorageClass? Class(string name);

    CSINode? Node(string name);

    CSIDriver? Driver(string name);

    IReadOnlyList<CSIStorageCapacity> CapacitiesOf(string className);

    /// <summary>What is attached to a node, or is about to be.</summary>
    IReadOnlyList<VolumeAttachment> AttachmentsOf(string node);
}

/// <summary>They come from informers.</summary>
internal sealed class InformedVolumeObjects : IVolumeObjects
{
    private readonly ObjectStore<PersistentVolumeClaim> _claims;
    private readonly ObjectStore<PersistentVolume> _volumes;
    private readonly ObjectStore<StorageClass> _classes;
    private readonly ObjectStore<CSINode> _nodes;
    private readonly ObjectStore<CSIDriver> _drivers;
    private readonly ObjectStore<CSIStorageCapacity> _capacities;
    private readonly ObjectStore<VolumeAttachment> _attachments;

    public InformedVolumeObjects(InformerFactory informers)
    {
        _claims = informers.For<PersistentVolumeClaim>().Store;
        _volumes = informers.For<PersistentVolume>().Store;
        _classes = informers.For<StorageClass>().Store;
        _nodes = informers.For<CSINode>().Store;
        _drivers = informers.For<CSIDriver>().Store;
        _capacities = informers.For<CSIStorageCapacity>().Store;
        _attachments = informers.For<VolumeAttachment>().Store;
        _volumes.AddIndex("class", volume => [volume.Spec.StorageClassName]);
        _capacities.AddIndex("class", capacity => [capacity.StorageClassName]);
        _attachments.AddIndex("node", attachment => [attachment.Spec.NodeName]);
    }

    public PersistentVolumeClaim? Claim(string ns, string name) => _claims.Get(ns, name);

    public PersistentVolume? Volume(string name) => _volumes.Get("", name);

    public IReadOnlyList<PersistentVolume> VolumesOf(string className) => _volumes.ByIndex("class", className);

    public StorageClass? Class(string name) => _classes.Get("", name);

    public CSINode? Node(string name) => _nodes.Get("", name);

    public CSIDriver? Driver(string name) => _drivers.Get("", name);

    public IReadOnlyList<CSIStorageCapacity> CapacitiesOf(string className) => _capacities.ByIndex("class", className);

    public IReadOnlyList<VolumeAttachment> AttachmentsOf(string node) => _attachments.ByIndex("node", node);
}
