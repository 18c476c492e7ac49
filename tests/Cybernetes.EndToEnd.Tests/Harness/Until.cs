namespace Cybernetes.EndToEnd.Tests.Harness;

/// <summary>Waiting for what another process does.</summary>
internal static class Until
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>Asks again and again until the answer is true.</summary>
    /// <param name="what">What is waited for, for the message: "the node is Ready".</param>
    /// <param name="limit">After this long a <see cref="HarnessException"/> with <paramref name="context"/> ends it.</param>
    public static async Task TrueAsync(string what, TimeSpan limit, Func<Task<bool>> ask, Func<string>? context = null)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (!await ask())
        {
            if (TimeProvider.System.GetElapsedTime(start) > limit)
                throw new HarnessException($"waited {limit.TotalSeconds} s in vain until: {what}{context?.Invoke()}");
            await Task.Delay(Pause, TimeProvider.System);
        }
    }

    public static Task TrueAsync(string what, TimeSpan limit, Func<bool> ask, Func<string>? context = null) =>
        TrueAsync(what, limit, () => Task.FromResult(ask()), context);
}
