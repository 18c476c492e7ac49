using Cybernetes.Objects;
using Cybernetes.Objects.Rbac.V1;
using V1alpha1 = Cybernetes.Objects.Rbac.V1alpha1;

namespace Cybernetes.ApiServer.Registry.Rbac;

/// <summary>Who has a role in a namespace.</summary>
internal sealed class RoleBindingKind : KindDefinition<RoleBinding>
{
    public override bool AllowCreateOnUpdate => true;

    public override IReadOnlyList<Column<RoleBinding>> Columns { get; } = BindingColumns.Of<RoleBinding>(b => b.RoleRef, b => b.Subjects);

    protected override IReadOnlyList<ServedVersion> OtherVersions { get; } =
    [
        new RenamedVersion<RoleBinding>("v1beta1") { IsOlder = true, DeprecationWarning = RbacChecks.Older("v1beta1", "RoleBinding") },
        new ReshapedVersion<V1alpha1.RoleBinding, RoleBinding>(
            (served, stored) => OlderSubjects.ToStored(served.Subjects, stored.Subjects),
            (stored, served) => OlderSubjects.FromStored(stored.Subjects, served.Subjects))
        {
            IsOlder = true, DeprecationWarning = RbacChecks.Older("v1alpha1", "RoleBinding"),
        },
    ];

    public override IReadOnlyList<string> NameProblems(string name) => Names.PathSegment(name);

    protected override void Default(RoleBinding obj) => RbacChecks.Default(obj.RoleRef, obj.Subjects);

    protected override void Validate(RoleBinding obj, FieldErrorList errors)
    {
        RbacChecks.Reference(obj.RoleRef, errors, "Role", "ClusterRole");
        RbacChecks.Subjects(obj.Subjects.OrEmpty(), namespaced: true, errors);
    }

    protected override void ValidateUpdate(RoleBinding obj, RoleBinding old, FieldErrorList errors) =>
        RbacChecks.ReferenceStays(obj.RoleRef, old.RoleRef, errors);
}

/// <summary>Who has a role in the whole cluster.</summary>
internal sealed class ClusterRoleBindingKind : KindDefinition<ClusterRoleBinding>
{
    public override bool AllowCreateOnUpdate => true;

    public override IReadOnlyList<Column<ClusterRoleBinding>> Columns { get; } = BindingColumns.Of<ClusterRoleBinding>(b => b.RoleRef, b => b.Subjects);

    protected override IReadOnlyList<ServedVersion> OtherVersions { get; } =
    [
        new RenamedVersion<ClusterRoleBinding>("v1beta1")
        {
            IsOlder = true, DeprecationWarning = RbacChecks.Older("v1beta1", "ClusterRoleBinding"),
        },
        new ReshapedVersion<V1alpha1.ClusterRoleBinding, ClusterRoleBinding>(
            (served, stored) => OlderSubjects.ToStored(served.Subjects, stored.Subjects),
            (stored, served) => OlderSubjects.FromStored(stored.Subjects, served.Subjects))
        {
            IsOlder = true, DeprecationWarning = RbacChecks.Older("v1alpha1", "ClusterRoleBinding"),
        },
    ];

    public override IReadOnlyList<string> NameProblems(string name) => Names.PathSegment(name);

    protected override void Default(ClusterRoleBinding obj) => RbacChecks.Default(obj.RoleRef, obj.Subjects);

    protected override void Validate(ClusterRoleBinding obj, FieldErrorList errors)
    {
        RbacChecks.Reference(obj.RoleRef, errors, "ClusterRole");
        RbacChecks.Subjects(obj.Subjects.OrEmpty(), namespaced: false, errors);
    }

    protected override void ValidateUpdate(ClusterRoleBinding obj, ClusterRoleBinding old, FieldErrorList errors) =>
        RbacChecks.ReferenceStays(obj.RoleRef, old.RoleRef, errors);
}
