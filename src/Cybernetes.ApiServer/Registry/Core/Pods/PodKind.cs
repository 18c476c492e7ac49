using Cybernetes.ApiServer.Registry.Subresources;
using Cybernetes.ApiServer.Streams;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.ApiServer.Registry.Core.Pods;

/// <summary>Pods.</summary>
/// <param name="kubelets">The way to nodes; without it there are no logs and no streams.</param>
/// <param name="proxies">The way to pods; without it there is no proxy.</param>
internal sealed class PodKind(KubeletConnections? kubelets = null, ProxyConnections? proxies = null) : KindDefinition<Pod>
{
    public override IReadOnlyList<string> ShortNames => ["po"];

    public override IReadOnlyList<string> Categories => ["all"];

    public override bool HasStatus => true;

    public override IReadOnlyList<string> FieldsKeptOnStatusWrite => ["spec", "metadata.deletionTimestamp", "metadata.ownerReferences"];

    public override IReadOnlyList<SelectableField> SelectableFields { get; } =
    [
        new("spec.nodeName"),
        new("spec.restartPolicy"),
        new("spec.schedulerName"),
        new("spec.serviceAccountName"),
        new("spec.hostNetwork", "false"),
        new("status.phase"),
        new("status.podIP"),
        new("status.podIPs"),
        new("status.nominatedNodeName"),
    ];

    public override IReadOnlyList<Column<Pod>> Columns => PodColumns.All;

    public override bool ReturnsDeletedObject => true;

    public override IReadOnlyList<Subresource> Subresources { get; } =
    [
        new BindingSubresource(),
        new EvictionSubresource(),
        new PartSubresource("ephemeralcontainers", "", "Pod", new EphemeralContainersStrategy()),
        new PartSubresource("resize", "", "Pod", new ResizeStrategy()),
        .. kubelets is null
            ? []
            : new Subresource[]
            {
                new PodLogSubresource(kubelets),
                new PodExecSubresource("exec", kubelets),
                new PodExecSubresource("attach", kubelets),
                new PodPortForwardSubresource(kubelets),
            },
        .. proxies is null ? [] : new Subresource[] { new ProxySubresource("PodProxyOptions", proxies, ProxyPlaces.OfPodAsync) },
    ];

    protected override void Default(Pod obj) => PodDefaults.Apply(obj);

    protected override void PrepareForCreate(Pod obj, WriteContext context) => PodStrategy.PrepareForCreate(obj, context.Gates);

    protected override void PrepareForUpdate(Pod obj, Pod old, WriteContext context) => PodStrategy.PrepareForUpdate(obj, old, context.Gates);

    protected override void PrepareForStatusUpdate(Pod obj, Pod old, WriteContext context) => PodStrategy.PrepareForStatusUpdate(obj, old);

    protected override void Validate(Pod obj, FieldErrorList errors) => PodValidation.Validate(obj, errors);

    protected override void ValidateCreate(Pod obj, FieldErrorList errors) => PodValidation.ValidateCreate(obj, errors);

    protected override void ValidateUpdate(Pod obj, Pod old, FieldErrorList errors) => PodUpdateValidation.Validate(obj, old, errors);

    protected override void ValidateStatusUpdate(Pod obj, Pod old, FieldErrorList errors) => PodStatusValidation.Validate(obj, old, errors);

    protected override void Warn(Pod obj, Pod? old, WriteContext context)
    {
        if (old is null && Names.Dns1123Label(obj.Metadata.Name) is { Count: > 0 } reasons)
        {
            context.Warn("metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; "
                + $"a DNS label is recommended: [{string.Join(' ', reasons)}]");
        }
        PodWarnings.Warn(obj.Spec, FieldPath.Of("spec"), context);
    }

    protected override long? GracePeriodSeconds(Pod obj, DeleteOptions options) => PodStrategy.GraceSeconds(obj, options);
}
