using Cybernetes.Objects;
using Cybernetes.Objects.Rbac.V1;

namespace Cybernetes.ApiServer.Registry.Rbac;

/// <summary>Roles of a namespace.</summary>
internal sealed class RoleKind : KindDefinition<Role>
{
    public override bool AllowCreateOnUpdate => true;

    public override IReadOnlyList<Column<Role>> Columns { get; } = [Column<Role>.Name, Column<Role>.CreatedAt];

    protected override IReadOnlyList<ServedVersion> OtherVersions { get; } =
    [
        new RenamedVersion<Role>("v1beta1") { IsOlder = true, DeprecationWarning = RbacChecks.Older("v1beta1", "Role") },
        new RenamedVersion<Role>("v1alpha1") { IsOlder = true, DeprecationWarning = RbacChecks.Older("v1alpha1", "Role") },
    ];

    public override IReadOnlyList<string> NameProblems(string name) => Names.PathSegment(name);

    protected override void Validate(Role obj, FieldErrorList errors) => RbacChecks.Rules(obj.Rules.OrEmpty(), namespaced: true, errors);
}

/// <summary>Roles of the whole cluster.</summary>
internal sealed class ClusterRoleKind : KindDefinition<ClusterRole>
{
    public override bool AllowCreateOnUpdate => true;

    public override IReadOnlyList<Column<ClusterRole>> Columns { get; } = [Column<ClusterRole>.Name, Column<ClusterRole>.CreatedAt];

    protected override IReadOnlyList<ServedVersion> OtherVersions { get; } =
    [
        new RenamedVersion<ClusterRole>("v1beta1") { IsOlder = true, DeprecationWarning = RbacChecks.Older("v1beta1", "ClusterRole") },
        new RenamedVersion<ClusterRole>("v1alpha1") { IsOlder = true, DeprecationWarning = RbacChecks.Older("v1alpha1", "ClusterRole") },
    ];

    public override IReadOnlyList<string> NameProblems(string name) => Names.PathSegment(name);

    protected override void Validate(ClusterRole obj, FieldErrorList errors)
    {
        RbacChecks.Rules(obj.Rules.OrEmpty(), namespaced: false, errors);
        if (obj.AggregationRule is not { } aggregation)
            return;
        var path = FieldPath.Of("aggregationRule", "clusterRoleSelectors");
        var selectors = aggregation.ClusterRoleSelectors.OrEmpty();
        if (selectors.Count == 0)
            errors.Required(path, "at least one clusterRoleSelector required if aggregationRule is non-nil");
        for (var i = 0; i < selectors.Count; i++)
        {
            FieldChecks.Selector(selectors[i], path.Index(i), errors);
            if (LabelMatcher.TryFor(selectors[i], out _) is not null)
                errors.Invalid(path.Index(i), selectors[i], "invalid label selector.");
        }
    }
}
