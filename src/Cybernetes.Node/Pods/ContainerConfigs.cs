using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Cybernetes.Node.Runtime;
using Cybernetes.Node.Volumes;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Google.Protobuf;
using Cri = Cybernetes.Node.Runtime.Cri;

namespace Cybernetes.Node.Pods;

/// <param name="Reference">What the runtime resolved the image to: containers are made with it, not with the name.</param>
internal sealed record PulledImage(string Reference, long? Uid, string UserName);

/// <summary>What a container's description is made of beside its spec.</summary>
internal sealed record ContainerConfigInputs(
    Pod Pod, Container Container, PulledImage Image, int RestartCount, IReadOnlyList<KeyValuePair<string, string>> Environment,
    IReadOnlyList<Cri.Mount> Mounts, Cri.LinuxContainerResources Resources)
{
    public string TargetContainerId { get; init; } = "";
}

/// <summary>The runtime's description of a container. Pure.</summary>
internal static class ContainerConfigs
{
    public static Cri.ContainerConfig Make(ContainerConfigInputs inputs)
    {
        var container = inputs.Container;
        var variables = inputs.Environment.ToDictionary(entry => entry.Key, entry => entry.Value, StringComparer.Ordinal);
        var imageUser = (inputs.Image.Uid, inputs.Image.UserName);
        var config = new Cri.ContainerConfig
        {
            Metadata = new Cri.ContainerMetadata { Name = container.Name, Attempt = (uint)inputs.RestartCount },
            Image = new Cri.ImageSpec { Image = inputs.Image.Reference, UserSpecifiedImage = container.Image },
            WorkingDir = container.WorkingDir,
            LogPath = PodPaths.LogFile(container.Name, inputs.RestartCount),
            Stdin = container.Stdin,
            StdinOnce = container.StdinOnce,
            Tty = container.TTY,
            Mounts = { inputs.Mounts },
            Linux = new Cri.LinuxContainerConfig
            {
                Resources = inputs.Resources,
                SecurityContext = SecurityContexts.OfContainer(inputs.Pod, container, imageUser, inputs.TargetContainerId),
            },
            StopSignal = SignalOf(container),
        };
        config.Command.AddRange(container.Command.OrEmpty()
            .Select(word => VariableExpansion.Expand(word, variables.GetValueOrDefault)));
        config.Args.AddRange(container.Args.OrEmpty()
            .Select(word => VariableExpansion.Expand(word, variables.GetValueOrDefault)));
        foreach (var (name, value) in inputs.Environment)
            config.Envs.Add(new Cri.KeyValue { Key = name, Value = ByteString.CopyFromUtf8(value) });
        AddLabels(config, inputs.Pod, container);
        AddAnnotations(config, inputs);
        return config;
    }

    private static void AddLabels(Cri.ContainerConfig config, Pod pod, Container container)
    {
        config.Labels[RuntimeLabels.PodName] = pod.Metadata.Name;
        config.Labels[RuntimeLabels.PodNamespace] = pod.Metadata.Namespace;
        config.Labels[RuntimeLabels.PodUid] = pod.Metadata.UID;
        config.Labels[RuntimeLabels.ContainerName] = container.Name;
    }

    private static void AddAnnotations(Cri.ContainerConfig config, ContainerConfigInputs inputs)
    {
        var (pod, container) = (inputs.Pod, inputs.Container);
        var annotations = config.Annotations;
        annotations[RuntimeLabels.ContainerHash] = ContainerHash.Of(container);
        annotations[RuntimeLabels.RestartCount] = inputs.RestartCount.ToString(CultureInfo.InvariantCulture);
        annotations[RuntimeLabels.TerminationMessagePath] = container.TerminationMessagePath;
        annotations[RuntimeLabels.TerminationMessagePolicy] = container.TerminationMessagePolicy;
        if (pod.Metadata.DeletionGracePeriodSeconds is { } deletionGrace)
            annotations[RuntimeLabels.PodDeletionGracePeriod] = SandboxConfigs.Seconds(deletionGrace);
        if (pod.Spec.TerminationGracePeriodSeconds is { } grace)
            annotations[RuntimeLabels.PodTerminationGracePeriod] = SandboxConfigs.Seconds(grace);
        if (container.Lifecycle?.PreStop is { } preStop)
            annotations[RuntimeLabels.PreStopHandler] = Json(writer => preStop.WriteJson(writer));
        if (container.Ports.OrEmpty().Count > 0)
            annotations[RuntimeLabels.Ports] = Json(writer => JsonWrite.ObjectList(writer, container.Ports!));
    }

    private static string Json(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer, JsonLimits.WriterOptions))
            write(writer);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static Cri.Signal SignalOf(Container container) =>
        Enum.TryParse<Cri.Signal>(container.Lifecycle?.StopSignal, ignoreCase: true, out var signal) ? signal
            : Cri.Signal.RuntimeDefault;
}
