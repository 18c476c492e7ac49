namespace Cybernetes.Controllers.ReplicaSets;

/// <summary>Makes pods in batches of 1, 2, 4, …: when the first is refused (a quota, say), not hundreds are tried in vain.</summary>
internal static class SlowStart
{
    /// <returns>How many were made, and the first failure, after which no further batch is begun.</returns>
    public static async Task<(int Made, Exception? Failure)> RunAsync(int count, Func<Task<Exception?>> make)
    {
        var made = 0;
        for (var batch = Math.Min(1, count); batch > 0; batch = Math.Min(2 * batch, count - made))
        {
            var results = await Task.WhenAll(Enumerable.Range(0, batch).Select(_ => make())).ConfigureAwait(false);
            made += results.Count(r => r is null);
            if (results.FirstOrDefault(r => r is not null) is { } failure)
                return (made, failure);
        }
        return (made, null);
    }
}
