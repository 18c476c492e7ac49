using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Scheduler.Snapshot;

/// <summary>Which nodes have which container images.</summary>
internal sealed class ImageIndex
{
    private readonly Dictionary<string, (long SizeBytes, NodeBits Nodes)> _images = new(StringComparer.Ordinal);

    public bool TryGet(string name, out long sizeBytes, out NodeBits nodes)
    {
        var found = _images.TryGetValue(name, out var image);
        (sizeBytes, nodes) = image;
        return found;
    }

    public void Change(int slot, IReadOnlyList<ContainerImage> before, IReadOnlyList<ContainerImage> after)
    {
        foreach (var name in before.SelectMany(i => i.Names.OrEmpty()))
        {
            if (!_images.TryGetValue(name, out var image))
                continue;
            image.Nodes.Remove(slot);
            if (image.Nodes.IsEmpty)
                _images.Remove(name);
        }
        foreach (var image in after)
        {
            foreach (var name in image.Names.OrEmpty())
            {
                var nodes = _images.TryGetValue(name, out var known) ? known.Nodes : new NodeBits();
                nodes.Add(slot);
                _images[name] = (image.SizeBytes, nodes);
            }
        }
    }

    /// <summary>An image name as nodes report it: with a tag, unless it has a digest (upstream's normalizedImageName).</summary>
    public static string Normalized(string name) => name.LastIndexOf(':') <= name.LastIndexOf('/') ? name + ":latest" : name;
}
