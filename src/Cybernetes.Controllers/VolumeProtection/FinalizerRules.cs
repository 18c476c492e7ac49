using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.Controllers.VolumeProtection;

/// <summary>What to do about a protecting finalizer.</summary>
internal enum FinalizerStep
{
    None,
    Add,
    Remove,
}

/// <summary>A finalizer that stands while its object is used. Pure but for <see cref="ApplyAsync"/>.</summary>
internal static class FinalizerRules
{
    public static FinalizerStep Decide(ObjectMeta metadata, string finalizer, bool isUsed)
    {
        var stands = metadata.Finalizers.OrEmpty().Contains(finalizer);
        if (metadata.DeletionTimestamp is null)
            return stands ? FinalizerStep.None : FinalizerStep.Add;
        return stands && !isUsed ? FinalizerStep.Remove : FinalizerStep.None;
    }

    public static async Task ApplyAsync<T>(ApiClient client, T value, string finalizer, FinalizerStep step, CancellationToken cancellation)
        where T : class, IKubernetesObject<T>
    {
        var copy = value.DeepClone();
        if (step == FinalizerStep.Add)
            (copy.Metadata.Finalizers ??= []).Add(finalizer);
        else
            copy.Metadata.Finalizers!.Remove(finalizer);
        await client.IgnoreNotFoundAsync(c => c.For<T>().UpdateAsync(copy, cancellation: cancellation)).ConfigureAwait(false);
    }
}
