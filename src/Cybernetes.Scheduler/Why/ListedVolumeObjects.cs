using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Storage.V1;
using Cybernetes.Scheduler.Plugins.Volumes;

namespace Cybernetes.Scheduler.Why;

/// <summary>Storage objects out of lists, as one look at the cluster gives them.</summary>
internal sealed class ListedVolumeObjects : IVolumeObjects
{
    public List<PersistentVolumeClaim> Claims { get; init; } = [];

    public List<PersistentVolume> Volumes { get; init; } = [];

    public List<StorageClass> Classes { get; init; } = [];

    public List<CSINode> Nodes { get; init; } = [];

    public List<CSIDriver> Drivers { get; init; } = [];

    public List<CSIStorageCapacity> Capacities { get; init; } = [];

    public List<VolumeAttachment> Attachments { get; init; } = [];

    public PersistentVolumeClaim? Claim(string ns, string name) => Claims.Find(c => c.Metadata.Namespace == ns && c.Metadata.Name == name);

    public PersistentVolume? Volume(string name) => Volumes.Find(v => v.Metadata.Name == name);

    public IReadOnlyList<PersistentVolume> VolumesOf(string className) => Volumes.FindAll(v => v.Spec.StorageClassName == className);

    public StorageClass? Class(string name) => Classes.Find(c => c.Metadata.Name == name);

    public CSINode? Node(string name) => Nodes.Find(n => n.Metadata.Name == name);

    public CSIDriver? Driver(string name) => Drivers.Find(d => d.Metadata.Name == name);

    public IReadOnlyList<CSIStorageCapacity> CapacitiesOf(string className) => Capacities.FindAll(c => c.StorageClassName == className);

    public IReadOnlyList<VolumeAttachment> AttachmentsOf(string node) => Attachments.FindAll(a => a.Spec.NodeName == node);
}
