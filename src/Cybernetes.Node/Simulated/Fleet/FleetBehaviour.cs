using System.Collections.Concurrent;
using Cybernetes.Foundation;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Node.Simulated.Fleet;

/// <summary>What the pods of a fleet do: by their own words, by the fleet's rules, by chance. Thread-safe.</summary>
internal sealed class FleetBehaviour(FleetOptions options, IRandomSource chance)
{
    private const int MostShared = 4096;
    private readonly ConcurrentDictionary<string, string> _shared = new(StringComparer.Ordinal);

    /// <summary>One string for all equal ones: a hundred thousand pods have few namespaces, images and container names.</summary>
    public string Shared(string text) => _shared.Count < MostShared ? _shared.GetOrAdd(text, text) : _shared.GetValueOrDefault(text, text);

    /// <summary>By the command, then the first rule that fits, then the pod's own annotations.</summary>
    public ContainerScript ScriptOf(Pod pod, Container container)
    {
        var script = ContainerScript.OfCommand([.. container.Command.OrEmpty(), .. container.Args.OrEmpty()]);
        if (options.Rules.FirstOrDefault(rule => rule.Fits(pod)) is { } fitting)
            script = script.With(word => fitting.Script.GetValueOrDefault(word));
        return pod.Metadata.Annotations is { Count: > 0 } annotations
            ? script.With(word => annotations.GetValueOrDefault(ContainerScript.AnnotationPrefix + word))
            : script;
    }

    /// <summary>How long a container that starts now runs until it fails; null: it does not.</summary>
    public TimeSpan? NextFailure() => options.ContainerFailuresPerHour > 0 ? Spread(options.ContainerFailuresPerHour) : null;

    public TimeSpan NextCrash() => Spread(options.NodeCrashesPerHour);

    public TimeSpan NextDrain() => Spread(options.NodeDrainsPerHour);

    // What comes by itself: the time between two is spread exponentially.
    private TimeSpan Spread(double anHour) => TimeSpan.FromHours(Math.Min(-Math.Log(1 - chance.NextDouble()) / anHour, 24 * 365));
}
