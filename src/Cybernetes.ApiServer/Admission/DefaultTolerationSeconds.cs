using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Admission;

/// <summary>Pods tolerate a node that is not ready or unreachable for five minutes, unless they say otherwise.</summary>
internal sealed class DefaultTolerationSeconds : IAdmissionPlugin
{
    private const long Seconds = 300;
    private static readonly string[] Keys = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];

    public string Name => "DefaultTolerationSeconds";

    public bool Handles(AdmissionAttributes attributes) => attributes is
    {
        Operation: AdmissionOperation.Create or AdmissionOperation.Update, IsMainResource: true, Object: Pod,
    };

    public ValueTask MutateAsync(AdmissionAttributes attributes, CancellationToken cancellation)
    {
        var spec = ((Pod)attributes.Object!).Spec;
        foreach (var key in Keys)
        {
            var tolerated = spec.Tolerations.OrEmpty().Any(t =>
                (t.Key == key || t.Key.Length == 0) && (t.Effect == TaintEffect.NoExecute || t.Effect.Length == 0));
            if (!tolerated)
                (spec.Tolerations ??= []).Add(new()
                {
                    Key = key, Operator = TolerationOperator.TolerationOpExists, Effect = TaintEffect.NoExecute, TolerationSeconds = Seconds,
                });
        }
        return ValueTask.CompletedTask;
    }
}
