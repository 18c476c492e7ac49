using Cybernetes.Client.Discovery;
using Cybernetes.Client.Informers;
using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.Controllers.GarbageCollection;

/// <summary>The objects of one resource as another controller's informer tells of them.</summary>
/// <param name="resource">The resource.</param>
/// <param name="seen">Is told of an object that was made or changed.</param>
/// <param name="gone">Is told, by its uid, of an object that is gone; false when only nobody asks any more.</param>
internal sealed class SharedMetadata(ServedResource resource, Action<ServedResource, ObjectMeta> seen, Action<string, bool> gone)
{
    private readonly Lock _lock = new();
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);
    private IInformerRegistration? _place;
    private bool _hasLeft;

    /// <summary>Begins to listen. The task ends when all that the informer found at first has been told.</summary>
    public Task Join(IInformer informer)
    {
        _place = informer.AddMetadataHandler(Set, Remove);
        return _place.Synced;
    }

    /// <summary>Listens no more: what was told is taken back.</summary>
    public void Leave()
    {
        _place?.Dispose();
        lock (_lock)
            _hasLeft = true;
        foreach (var uid in _known)
            gone(uid, false);
    }

    private void Set(ObjectMeta metadata)
    {
        lock (_lock)
        {
            if (_hasLeft)
                return;
            _known.Add(metadata.UID);
            seen(resource, metadata);
        }
    }

    private void Remove(ObjectMeta metadata)
    {
        lock (_lock)
        {
            if (_hasLeft)
                return;
            _known.Remove(metadata.UID);
            gone(metadata.UID, true);
        }
    }
}
