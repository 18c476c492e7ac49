using System.Globalization;
using System.Text;
using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using NodeObject = Cybernetes.Objects.Core.V1.Node;

namespace Cybernetes.Testing;

/// <summary>What was waited for did not come; the message tells what the cluster looked like.</summary>
public sealed class TestClusterTimeoutException(string message) : Exception(message);

/// <summary>A cluster's state in a page, for a test that waited in vain.</summary>
internal static class ClusterReport
{
    private const int Most = 30;

    public static async Task<string> WriteAsync<T>(ApiClient client, IReadOnlyList<T> looked, TimeSpan patience, CancellationToken cancellation)
        where T : class, IKubernetesObject<T>
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"what was waited for did not come within {patience} of the cluster's time.\n");
        text.Append(CultureInfo.InvariantCulture, $"{T.Facts.Kind} ({looked.Count}): {string.Join(", ", looked.Take(Most).Select(o => o.Metadata.Name))}\n");
        foreach (var node in (await client.For<NodeObject>().ListAllAsync(null, null, cancellation)).Items.Take(Most))
        {
            var ready = node.Status.Conditions.OrEmpty().FirstOrDefault(c => c.Type == "Ready");
            text.Append(CultureInfo.InvariantCulture, $"  node {node.Metadata.Name}: ready {ready?.Status ?? "unknown"}\n");
        }
        foreach (var pod in (await client.For<Pod>().ListAllAsync(null, null, cancellation)).Items.Take(Most))
        {
            var why = pod.Status.Conditions.OrEmpty().FirstOrDefault(c => c.Status == "False" && c.Message.Length > 0)?.Message;
            text.Append(CultureInfo.InvariantCulture,
                $"  pod {pod.Metadata.Namespace}/{pod.Metadata.Name}: {pod.Status.Phase} on \"{pod.Spec.NodeName}\"{(why is null ? "" : ": " + why)}\n");
        }
        foreach (var happened in (await client.For<Objects.Events.V1.Event>().ListAllAsync(null, null, cancellation)).Items.TakeLast(Most))
            text.Append(CultureInfo.InvariantCulture, $"  event {happened.Regarding.Kind}/{happened.Regarding.Name} {happened.Reason}: {happened.Note}\n");
        return text.ToString();
    }
}
