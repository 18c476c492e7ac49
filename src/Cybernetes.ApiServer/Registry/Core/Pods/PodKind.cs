using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.ApiServer.Registry.Core.Pods;

/// <summary>Pods.</summary>
internal sealed class PodKind : KindDefinition<Pod>
{
    public override IReadOnlyList<string> ShortNames => ["po"];

    public override IReadOnlyList<string> Categories => ["all"];

    public override bool HasStatus => true;

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

    protected override void Default(Pod obj) => PodDefaults.Apply(obj);

    protected override void PrepareForCreate(Pod obj, WriteContext context) => PodStrategy.PrepareForCreate(obj);

    protected override void PrepareForUpdate(Pod obj, Pod old, WriteContext context) => PodStrategy.PrepareForUpdate(obj, old);

    protected override void PrepareForStatusUpdate(Pod obj, Pod old, WriteContext context) => PodStrategy.PrepareForStatusUpdate(obj, old);

    protected override long? GracePeriodSeconds(Pod obj, DeleteOptions options) => PodStrategy.GraceSeconds(obj, options);
}
