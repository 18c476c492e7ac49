using System.Globalization;
using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;

namespace Cybernetes.ApiServer.Registry.Apps;

/// <summary>Controller revisions: what daemon sets and stateful sets remember of their templates. They never change.</summary>
internal sealed class ControllerRevisionKind : KindDefinition<ControllerRevision>
{
    public override IReadOnlyList<Column<ControllerRevision>> Columns { get; } =
    [
        Column<ControllerRevision>.Name,
        Column<ControllerRevision>.Text("Controller", "Whose template it is.", Controller),
        Column<ControllerRevision>.Text("Revision", "Its number.", r => r.Revision.ToString(CultureInfo.InvariantCulture)),
        Column<ControllerRevision>.Age,
    ];

    protected override IReadOnlyList<ServedVersion> OtherVersions => OlderApps.OfControllerRevision;

    protected override void Validate(ControllerRevision obj, FieldErrorList errors)
    {
        if (obj.Data.IsEmpty)
            errors.Required(FieldPath.Of("data"), "data is mandatory");
        if (obj.Revision < 0)
            errors.Invalid(FieldPath.Of("revision"), obj.Revision, FieldRules.NotNegative);
    }

    protected override void ValidateUpdate(ControllerRevision obj, ControllerRevision old, FieldErrorList errors)
    {
        if (!obj.Data.SemanticEquals(old.Data))
            errors.Invalid(FieldPath.Of("data"), obj.Data, FieldChecks.Immutability);
    }

    private static string Controller(ControllerRevision revision)
    {
        if (revision.Metadata.OwnerReferences.OrEmpty().FirstOrDefault(o => o.Controller == true) is not { } owner)
            return "<none>";
        var slash = owner.APIVersion.IndexOf('/');
        var group = slash < 0 ? "" : "." + owner.APIVersion[..slash];
        return $"{owner.Kind.ToLowerInvariant()}{group}/{owner.Name}";
    }
}
