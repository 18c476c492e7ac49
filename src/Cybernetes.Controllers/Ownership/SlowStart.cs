namespace Cybernetes.Controllers.Ownership;

/// <summary>Makes pods in batches of 1, 2, 4, …: when the first is refused (a quota, say), not hundreds are tried in vain.</summary>
internal static class SlowStart
{
    /// <param name="make">Makes the one of the given number; null on success.</param>
    /// <returns>How many were made, and the first failure, after which no further batch is begun.</returns>
    public static async Task<(int Made, Exception? Failure)> RunAsync(int count, Func<int, Task<Exception?>> make)
    {
        var made = 0;
        var tried = 0;
        for (var batch = Math.Min(1, count); batch > 0; batch = Math.Min(2 * batch, count - tried))
        {
            var results = await Task.WhenAll(Enumerable.Range(tried, batch).Select(make)).ConfigureAwait(false);
            tried += batch;
            made += results.Count(r => r is null);
            if (results.FirstOrDefault(r => r is not null) is { } failure)
                return (made, failure);
        }
        return (made, null);
    }
}
