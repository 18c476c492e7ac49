using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.VolumeBinding;

/// <summary>How volumes of one kind are emptied (<c>--pv-recycler-…</c>).</summary>
/// <param name="MinimumTimeout">How long it may take at least.</param>
/// <param name="TimeoutPerGibibyte">How long it may take for each GiB of the volume, where that is more.</param>
/// <param name="Template">The pod that does it; its first volume is replaced by the one to be emptied. Null: upstream's.</param>
public sealed record RecyclerSettings(TimeSpan MinimumTimeout, TimeSpan TimeoutPerGibibyte, Pod? Template = null)
{
    /// <summary>How long emptying a volume of the size may take. Pure; sizes are rounded down to whole GiB, as upstream.</summary>
    internal TimeSpan TimeoutFor(Quantity size)
    {
        const double gibibyte = 1L << 30;
        var seconds = Math.Floor(size.ToDouble() / gibibyte) * TimeoutPerGibibyte.TotalSeconds;
        return seconds > MinimumTimeout.TotalSeconds ? TimeSpan.FromSeconds(Math.Min(seconds, int.MaxValue)) : MinimumTimeout;
    }
}
