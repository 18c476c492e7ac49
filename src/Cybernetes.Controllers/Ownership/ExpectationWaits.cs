using Cybernetes.Client.Informers;
using Cybernetes.Client.Queues;

namespace Cybernetes.Controllers.Ownership;

/// <summary>Whether a controller may act on a key, by what it expects to see.</summary>
internal static class ExpectationWaits
{
    private static readonly TimeSpan s_lookAgain = ControllerExpectations.Expiry + TimeSpan.FromSeconds(1);

    /// <summary>As <see cref="ControllerExpectations.IsSatisfied"/>; while it is not, the key comes back when the expectation has run out.</summary>
    public static bool IsSatisfied(this ControllerExpectations expectations, ObjectKey key, WorkQueue<ObjectKey> queue)
    {
        if (expectations.IsSatisfied(key))
            return true;
        queue.AddAfter(key, s_lookAgain);
        return false;
    }
}
