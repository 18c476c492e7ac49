using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Snapshot;

namespace Cybernetes.Scheduler.Plugins.ImageLocality;

/// <summary>
/// Prefers nodes that have the pod's images already, the more so the larger they are; an image on few nodes counts less, against heating them.
/// </summary>
internal sealed class ImageLocalityScore : IClusterScore
{
    private const long LeastBytes = 23L * 1024 * 1024;
    private const long MostBytesPerContainer = 1000L * 1024 * 1024;

    public string Name => "ImageLocality";

    public bool Applies(SchedulingCycle cycle)
    {
        foreach (var image in ImagesOf(cycle.Pod.Spec))
        {
            if (cycle.Columns.Images.TryGet(image, out _, out _))
                return true;
        }
        return false;
    }

    public void Score(SchedulingCycle cycle, Span<int> scores)
    {
        var bytes = new long[cycle.Columns.Capacity];
        var count = 0;
        foreach (var image in ImagesOf(cycle.Pod.Spec))
        {
            count++;
            if (!cycle.Columns.Images.TryGet(image, out var size, out var nodes))
                continue;
            var spread = (long)(size * ((double)nodes.Count() / cycle.Columns.NodeCount));
            foreach (var slot in nodes)
                bytes[slot] += spread;
        }
        var most = MostBytesPerContainer * count;
        foreach (var slot in cycle.Feasible)
            scores[slot] = (int)(IClusterScore.MaximumScore * (Math.Clamp(bytes[slot], LeastBytes, most) - LeastBytes) / (most - LeastBytes));
    }

    private static IEnumerable<string> ImagesOf(PodSpec spec) =>
        spec.InitContainers.OrEmpty().Concat(spec.Containers.OrEmpty()).Select(c => c.Image)
            .Concat(spec.Volumes.OrEmpty().Where(v => v.Image is not null).Select(v => v.Image!.Reference))
            .Select(ImageIndex.Normalized);
}
