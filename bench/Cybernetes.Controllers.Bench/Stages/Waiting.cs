using System.Diagnostics;
using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.Bench.Stages;

/// <summary>Calls that stages have in common.</summary>
internal static class Waiting
{
    private const int Creators = 24;
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan s_period = TimeSpan.FromMilliseconds(200);

    /// <summary>Asks again and again until the answer is yes.</summary>
    /// <returns>How long that took, in seconds.</returns>
    /// <exception cref="IOException">It did not come in ten minutes.</exception>
    public static async Task<double> UntilAsync(string what, Func<Task<bool>> isDone)
    {
        var start = Stopwatch.GetTimestamp();
        while (!await isDone())
        {
            if (Stopwatch.GetElapsedTime(start) > s_patience)
                throw new IOException($"waited in vain for {what}");
            await Task.Delay(s_period, TimeProvider.System);
        }
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>How many there are; of the whole cluster where no namespace is given.</summary>
    public static async Task<int> CountAsync<T>(this ApiClient client, string? ns) where T : class, IKubernetesObject<T>
    {
        var page = await client.For<T>().ListAsync(ns, new ListQuery { Limit = 1 });
        return page.Items.Count + (int)(page.Metadata.RemainingItemCount ?? 0);
    }

    /// <summary>Whether no pod of the namespace is without work. Asks for one pod: a list of thousands would be part of what is measured.</summary>
    public static async Task<bool> AllRunAsync(this ApiClient client, string ns) =>
        (await client.For<Pod>().ListAsync(ns, new ListQuery { FieldSelector = "status.phase!=Running", Limit = 1 })).Items.Count == 0;

    /// <summary>Does the work of every number from 0 on, several at a time.</summary>
    public static Task EachAsync(int count, Func<int, Task> work) => Parallel.ForEachAsync(
        Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = Creators }, async (i, _) => await work(i));

    /// <summary>Makes a namespace and waits for its service account, without which there are no pods.</summary>
    public static async Task NamespaceAsync(this ApiClient client, string name)
    {
        await client.For<Namespace>().CreateAsync(Cluster.Workloads.Namespace(name));
        await UntilAsync("the service account of " + name, async () => await client.For<ServiceAccount>().FindAsync(name, "default") is not null);
    }

    /// <summary>Waits for the simulated nodes.</summary>
    public static Task NodesAsync(this ApiClient client, int count) =>
        UntilAsync($"{count} nodes", async () => await client.CountAsync<Node>(null) >= count);
}
