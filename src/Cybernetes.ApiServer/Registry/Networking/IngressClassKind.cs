using System.Text;
using Cybernetes.Objects;
using Cybernetes.Objects.Networking.V1;

namespace Cybernetes.ApiServer.Registry.Networking;

/// <summary>Classes of ingress controllers.</summary>
internal sealed class IngressClassKind : KindDefinition<IngressClass>
{
    private const int MaximumControllerBytes = 250;
    private static readonly FieldPath SpecPath = FieldPath.Of("spec");

    public override IReadOnlyList<Column<IngressClass>> Columns { get; } =
    [
        Column<IngressClass>.Name,
        Column<IngressClass>.Text("Controller", "The controller that serves the class.", c => c.Spec.Controller),
        Column<IngressClass>.Text("Parameters", "Where the controller finds more.", c => c.Spec.Parameters is { } p
            ? $"{(p.APIGroup is { } group ? $"{p.Kind}.{group}" : p.Kind)}/{p.Name}"
            : "<none>"),
        Column<IngressClass>.Age,
    ];

    protected override IReadOnlyList<ServedVersion> OtherVersions { get; } =
    [
        new RenamedVersion<IngressClass>("v1beta1")
        {
            IsOlder = true,
            // "List" is upstream's slip.
            DeprecationWarning = "networking.k8s.io/v1beta1 IngressClass is deprecated in v1.19+, unavailable in v1.22+; "
                + "use networking.k8s.io/v1 IngressClassList",
        },
    ];

    protected override void Default(IngressClass obj)
    {
        if (obj.Spec.Parameters is { } parameters)
            parameters.Scope ??= "Cluster";
    }

    protected override void PrepareForCreate(IngressClass obj, WriteContext context) => obj.Metadata.Generation = 1;

    protected override void PrepareForUpdate(IngressClass obj, IngressClass old, WriteContext context) =>
        Generations.Count(obj.Metadata, old.Metadata, !obj.Spec.SemanticEquals(old.Spec));

    protected override void ValidateCreate(IngressClass obj, FieldErrorList errors) => Spec(obj.Spec, errors);

    protected override void ValidateUpdate(IngressClass obj, IngressClass old, FieldErrorList errors)
    {
        FieldChecks.Immutable(obj.Spec.Controller, old.Spec.Controller, SpecPath.Child("controller"), errors);
        Spec(obj.Spec, errors);
    }

    private static void Spec(IngressClassSpec spec, FieldErrorList errors)
    {
        if (spec.Controller.Length > 0 && Encoding.UTF8.GetByteCount(spec.Controller) > MaximumControllerBytes)
            errors.TooLong(SpecPath.Child("controller"), MaximumControllerBytes);
        FieldRules.DomainPrefixedPath(spec.Controller, SpecPath.Child("controller"), errors);
        if (spec.Parameters is { } parameters)
            Parameters(parameters, SpecPath.Child("parameters"), errors);
    }

    private static void Parameters(IngressClassParametersReference parameters, FieldPath path, FieldErrorList errors)
    {
        if (parameters.APIGroup is { } group)
            errors.InvalidChild(path, "apiGroup", group, Names.Dns1123Subdomain(group));
        NetworkingChecks.Segment(parameters.Kind, path, "kind", errors);
        NetworkingChecks.Segment(parameters.Name, path, "name", errors);
        switch (parameters.Scope)
        {
            case null:
                errors.Required(path.Child("scope"));
                break;
            case "Namespace" when parameters.Namespace is null:
                errors.Required(path.Child("namespace"), "`parameters.scope` is set to 'Namespace'");
                break;
            case "Namespace":
                errors.InvalidChild(path, "namespace", parameters.Namespace, Names.Dns1123Label(parameters.Namespace));
                break;
            case "Cluster":
                if (parameters.Namespace is not null)
                    errors.Forbidden(path.Child("namespace"), "`parameters.scope` is set to 'Cluster'");
                break;
            default:
                errors.NotSupported(path.Child("scope"), parameters.Scope, "Cluster", "Namespace");
                break;
        }
    }
}
