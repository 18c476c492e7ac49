namespace Cybernetes.Store.Embedded.Writing;

/// <summary>
/// Answers what was committed, on the thread that did it. Those who are answered may go on with it, and write again: that must neither
/// keep those behind them waiting for a commit, nor go ever deeper.
/// </summary>
internal static class Answers
{
    [ThreadStatic]
    private static int t_depth;

    [ThreadStatic]
    private static bool t_isLast;

    /// <summary>Whether nobody waits for this thread, so that who calls on it may commit on it.</summary>
    public static bool MayWrite => t_depth == 0 || (t_depth == 1 && t_isLast);

    public static void Give(Writer writer, WriteGroup group, StoreError? failure)
    {
        var requests = group.Requests;
        t_depth++;
        for (var i = 0; i < requests.Count; i++)
        {
            t_isLast = i == requests.Count - 1;
            writer.Answer(requests[i], group.Batch, failure);
        }
        t_depth--;
        // Whoever is in the middle of it was called by the last one of another group.
        t_isLast = true;
    }
}
