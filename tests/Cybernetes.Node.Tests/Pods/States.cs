using Cybernetes.Node.Pods;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Node.Tests.Pods;

/// <summary>Runtime states for tables.</summary>
internal static class States
{
    public static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static SandboxInstance Sandbox(
        string id = "s0", uint attempt = 0, bool ready = true, bool hostNetwork = false, params string[] addresses) =>
        new(id, "web", "default", attempt, ready, hostNetwork, Start + TimeSpan.FromSeconds(attempt),
            addresses.Length > 0 ? addresses : hostNetwork || !ready ? [] : ["10.0.0.7"]);

    public static ContainerInstance Running(Container container, string sandbox = "s0", int restarts = 0) =>
        Instance(container, InstanceState.Running, sandbox, restarts, 0);

    public static ContainerInstance Exited(Container container, int exitCode, string sandbox = "s0", int restarts = 0) =>
        Instance(container, InstanceState.Exited, sandbox, restarts, exitCode);

    public static ContainerInstance Instance(
        Container container, InstanceState state, string sandbox = "s0", int restarts = 0, int exitCode = 0) =>
        new(
            $"{container.Name}-{restarts}", container.Name, sandbox, state, Start + TimeSpan.FromSeconds(restarts),
            state == InstanceState.Created ? null : Start + TimeSpan.FromSeconds(restarts),
            state == InstanceState.Exited ? Start + TimeSpan.FromSeconds(restarts + 1) : null, exitCode,
            state == InstanceState.Exited ? exitCode == 0 ? "Completed" : "Error" : "", "", restarts, ContainerHash.Of(container),
            container.Image, "sha256:1", "");

    public static PodRuntimeState Of(SandboxInstance sandbox, params ContainerInstance[] containers) =>
        new([sandbox], containers);
}
