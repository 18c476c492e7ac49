using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Admission;

/// <summary>A new node takes no pods before it is known to be ready: it is made with the taint that the node controller takes off then.</summary>
internal sealed class TaintNodesByCondition : IAdmissionPlugin
{
    private const string NotReady = "node.kubernetes.io/not-ready";

    public string Name => "TaintNodesByCondition";

    public bool Handles(AdmissionAttributes attributes) =>
        attributes is { Operation: AdmissionOperation.Create, IsMainResource: true, Object: Node };

    public ValueTask MutateAsync(AdmissionAttributes attributes, CancellationToken cancellation)
    {
        var taints = ((Node)attributes.Object!).Spec.Taints ??= [];
        if (!taints.Any(t => t.Key == NotReady && t.Effect == TaintEffect.NoSchedule))
            taints.Add(new() { Key = NotReady, Effect = TaintEffect.NoSchedule });
        return ValueTask.CompletedTask;
    }
}
