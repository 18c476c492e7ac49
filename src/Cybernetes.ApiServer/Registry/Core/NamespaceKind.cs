using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core;

/// <summary>Namespace: deleted in two phases by its own finalizers in the spec, which the namespace controller takes away when it is empty.</summary>
internal sealed class NamespaceKind : KindDefinition<Namespace>
{
    private const string KubernetesFinalizer = "kubernetes";

    public override IReadOnlyList<string> ShortNames => ["ns"];

    public override bool HasStatus => true;

    public override KindVerbs Verbs => KindVerbs.All & ~KindVerbs.DeleteCollection;

    public override IReadOnlyList<SelectableField> SelectableFields { get; } = [new("status.phase")];

    public override IReadOnlyList<Subresource> Subresources { get; } = [new NamespaceFinalizeSubresource()];

    public override IReadOnlyList<Column<Namespace>> Columns { get; } =
    [
        Column<Namespace>.Name,
        Column<Namespace>.Text("Status", "The phase of the namespace.", n => n.Status.Phase),
        Column<Namespace>.Age,
    ];

    public override IReadOnlyList<string> NameProblems(string name) => Names.Dns1123Label(name);

    public override bool StaysWhenMarked(IKubernetesObject obj) => ((Namespace)obj).Spec.Finalizers is { Count: > 0 };

    public override void OnMarkedForDeletion(IKubernetesObject obj) => ((Namespace)obj).Status.Phase = NamespacePhase.Terminating;

    public override bool IsReadyToGo(IKubernetesObject obj, IKubernetesObject old) => base.IsReadyToGo(obj, old) && !StaysWhenMarked(obj);

    protected override void Default(Namespace obj)
    {
        // Selected by network policies and admission; upstream sets it as a default, so that it cannot be taken away.
        if (obj.Metadata.Name.Length > 0)
            (obj.Metadata.Labels ??= [])["kubernetes.io/metadata.name"] = obj.Metadata.Name;
    }

    protected override void PrepareForCreate(Namespace obj, WriteContext context)
    {
        obj.Status = new() { Phase = NamespacePhase.Active };
        if (obj.Spec.Finalizers?.Contains(KubernetesFinalizer) != true)
            (obj.Spec.Finalizers ??= []).Add(KubernetesFinalizer);
        // A generated name is known only now.
        (obj.Metadata.Labels ??= [])["kubernetes.io/metadata.name"] = obj.Metadata.Name;
    }

    protected override void PrepareForUpdate(Namespace obj, Namespace old, WriteContext context)
    {
        obj.Spec.Finalizers = old.Spec.Finalizers;
        obj.Status = old.Status;
    }

    protected override void PrepareForStatusUpdate(Namespace obj, Namespace old, WriteContext context) => obj.Spec = old.Spec;

    protected override void Validate(Namespace obj, FieldErrorList errors)
    {
        var path = FieldPath.Of("spec", "finalizers");
        for (var i = 0; i < obj.Spec.Finalizers.OrEmpty().Count; i++)
            CheckFinalizer(obj.Spec.Finalizers![i], path.Index(i), errors);
    }

    protected override void ValidateStatusUpdate(Namespace obj, Namespace old, FieldErrorList errors)
    {
        var path = FieldPath.Of("status", "phase");
        if (obj.Metadata.DeletionTimestamp is null && obj.Status.Phase != NamespacePhase.Active)
            errors.Add(FieldError.Invalid(path, obj.Status.Phase, "may only be 'Active' if `deletionTimestamp` is empty"));
        else if (obj.Metadata.DeletionTimestamp is not null && obj.Status.Phase != NamespacePhase.Terminating)
            errors.Add(FieldError.Invalid(path, obj.Status.Phase, "may only be 'Terminating' if `deletionTimestamp` is not empty"));
    }

    internal static void CheckFinalizer(string finalizer, FieldPath path, FieldErrorList errors)
    {
        errors.AddInvalid(path, finalizer, Names.QualifiedName(finalizer));
        if (!finalizer.Contains('/') && finalizer != KubernetesFinalizer)
            errors.Add(FieldError.Invalid(path, finalizer, "name is neither a standard finalizer name nor is it fully qualified"));
    }
}
