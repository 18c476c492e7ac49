using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core;

/// <summary>Namespaces. They leave in two steps: deletion marks them Terminating, the last finalizer of the spec lets them go.</summary>
internal sealed class NamespaceKind : KindDefinition<Namespace>
{
    /// <summary>The finalizer that the namespace controller takes away when a namespace is empty.</summary>
    public const string KubernetesFinalizer = "kubernetes";

    private const string NameLabel = "kubernetes.io/metadata.name";

    public override IReadOnlyList<string> ShortNames => ["ns"];

    public override KindVerbs Verbs => KindVerbs.All & ~KindVerbs.DeleteCollection;

    public override bool HasStatus => true;

    public override IReadOnlyList<SelectableField> SelectableFields { get; } = [new("status.phase")];

    public override IReadOnlyList<Subresource> Subresources { get; } = [new NamespaceFinalizeSubresource()];

    public override IReadOnlyList<Column<Namespace>> Columns { get; } =
    [
        Column<Namespace>.Name,
        Column<Namespace>.Text("Status", "Phase of the namespace.", n => n.Status.Phase),
        Column<Namespace>.Age,
    ];

    public override IReadOnlyList<string> NameProblems(string name) => Names.Dns1123Label(name);

    public override bool StaysWhenMarked(IKubernetesObject obj) => ((Namespace)obj).Spec.Finalizers is { Count: > 0 };

    public override void OnMarkedForDeletion(IKubernetesObject obj) => ((Namespace)obj).Status.Phase = "Terminating";

    public override bool IsReadyToGo(IKubernetesObject obj, IKubernetesObject old) => base.IsReadyToGo(obj, old) && !StaysWhenMarked(obj);

    protected override void Default(Namespace obj)
    {
        if (obj.Metadata.Name.Length > 0)
            (obj.Metadata.Labels ??= [])[NameLabel] = obj.Metadata.Name;
        if (obj.Status.Phase.Length == 0)
            obj.Status.Phase = "Active";
    }

    protected override void PrepareForCreate(Namespace obj, WriteContext context)
    {
        obj.Status = new NamespaceStatus { Phase = "Active" };
        if (obj.Spec.Finalizers is not { } finalizers || !finalizers.Contains(KubernetesFinalizer))
            (obj.Spec.Finalizers ??= []).Add(KubernetesFinalizer);
        // Names made from generateName exist only now.
        if (obj.Metadata.Name.Length > 0)
            (obj.Metadata.Labels ??= [])[NameLabel] = obj.Metadata.Name;
    }

    protected override void PrepareForUpdate(Namespace obj, Namespace old, WriteContext context)
    {
        obj.Spec.Finalizers = old.Spec.Finalizers;
        obj.Status = old.Status;
    }

    protected override void PrepareForStatusUpdate(Namespace obj, Namespace old, WriteContext context) => obj.Spec = old.Spec;

    protected override void Validate(Namespace obj, FieldErrorList errors)
    {
        var finalizers = FieldPath.Of("spec").Child("finalizers");
        foreach (var finalizer in obj.Spec.Finalizers.OrEmpty())
            FieldChecks.NamespaceFinalizer(finalizer, finalizers, errors);
    }

    protected override void ValidateStatusUpdate(Namespace obj, Namespace old, FieldErrorList errors)
    {
        // Upstream's path has the capital P.
        var path = FieldPath.Of("status").Child("Phase");
        if (obj.Metadata.DeletionTimestamp is null && obj.Status.Phase != "Active")
            errors.Invalid(path, obj.Status.Phase, "may only be 'Active' if `deletionTimestamp` is empty");
        else if (obj.Metadata.DeletionTimestamp is not null && obj.Status.Phase != "Terminating")
            errors.Invalid(path, obj.Status.Phase, "may only be 'Terminating' if `deletionTimestamp` is not empty");
    }
}
