using System.Globalization;
using System.Text;
using Cybernetes.ApiServer.Server;
using Cybernetes.Objects;
using Cybernetes.Objects.FlowControl.V1;

namespace Cybernetes.ApiServer.Registry.FlowControl;

/// <summary>Flow schemas: which requests are of which priority level.</summary>
internal sealed class FlowSchemaKind : KindDefinition<FlowSchema>
{
    public override bool HasStatus => true;

    public override IReadOnlyList<string> FieldsKeptOnStatusWrite => ["metadata", "spec"];

    public override IReadOnlyList<Column<FlowSchema>> Columns { get; } =
    [
        Column<FlowSchema>.Name,
        Column<FlowSchema>.Text("PriorityLevel", "The priority level of its requests.", f => f.Spec.PriorityLevelConfiguration.Name),
        Column<FlowSchema>.Number("MatchingPrecedence", "Of several that match, the lowest number counts.", f => f.Spec.MatchingPrecedence),
        Column<FlowSchema>.Text("DistinguisherMethod", "What tells its flows apart.", f => f.Spec.DistinguisherMethod?.Type ?? "<none>"),
        Column<FlowSchema>.Age,
        Column<FlowSchema>.Text("MissingPL", "Whether its priority level is not there.", f =>
            f.Status.Conditions.OrEmpty().FirstOrDefault(c => c.Type == "Dangling")?.Status ?? "?"),
    ];

    protected override IReadOnlyList<ServedVersion> OtherVersions { get; } =
    [
        new RenamedVersion<FlowSchema>("v1beta3") { IsOlder = true, DeprecationWarning = FlowControlVersions.Warning("FlowSchema", "v1beta3") },
        new RenamedVersion<FlowSchema>("v1beta2") { IsOlder = true, DeprecationWarning = FlowControlVersions.Warning("FlowSchema", "v1beta2") },
        new RenamedVersion<FlowSchema>("v1beta1") { IsOlder = true, DeprecationWarning = FlowControlVersions.Warning("FlowSchema", "v1beta1") },
    ];

    protected override void Default(FlowSchema obj)
    {
        if (obj.Spec.MatchingPrecedence == 0)
            obj.Spec.MatchingPrecedence = 1000;
    }

    protected override void PrepareForCreate(FlowSchema obj, WriteContext context)
    {
        obj.Status = new();
        obj.Metadata.Generation = 1;
    }

    protected override void PrepareForUpdate(FlowSchema obj, FlowSchema old, WriteContext context)
    {
        obj.Status = old.Status;
        Generations.Count(obj.Metadata, old.Metadata, !obj.Spec.SemanticEquals(old.Spec));
    }

    protected override void PrepareForStatusUpdate(FlowSchema obj, FlowSchema old, WriteContext context)
    {
        obj.Spec = old.Spec;
        MetadataRules.ResetForStatus(obj.Metadata, old.Metadata);
    }

    protected override void Validate(FlowSchema obj, FieldErrorList errors)
    {
        FlowSchemaValidation.Validate(obj, errors);
        if (FlowControlVersions.MandatoryJson(Plural, obj.Metadata.Name) is not { } json)
            return;
        var mandatory = (FlowSchema)DecodeStored(json);
        if (!obj.Spec.SemanticEquals(mandatory.Spec))
            errors.Invalid(FieldPath.Of("spec"), FieldChecks.JsonValue.Of(obj.Spec.WriteJson), $"spec of '{obj.Metadata.Name}' must equal the fixed value");
    }

    protected override void ValidateStatusUpdate(FlowSchema obj, FlowSchema old, FieldErrorList errors)
    {
        var conditions = obj.Status.Conditions.OrEmpty();
        for (var i = 0; i < conditions.Count; i++)
        {
            var path = FieldPath.Of("status", "conditions").Index(i);
            if (conditions.Take(i).Any(c => c.Type == conditions[i].Type))
                errors.Duplicate(path.Child("type"), conditions[i].Type);
            if (conditions[i].Type.Length == 0)
                errors.Required(path.Child("type"), "must not be empty");
        }
    }
}

/// <summary>The older versions of this group.</summary>
internal static class FlowControlVersions
{
    /// <summary>The object that every cluster has under this name, as it must be; null for others.</summary>
    public static byte[]? MandatoryJson(string plural, string name) => name is "exempt" or "catch-all"
        ? Encoding.UTF8.GetBytes(StartingObjects.All.First(o => o.Plural == plural && o.Name == name).Json) : null;

    public static string Warning(string kind, string version)
    {
        var (deprecated, removed) = version switch { "v1beta1" => (23, 26), "v1beta2" => (26, 29), _ => (29, 32) };
        return string.Create(CultureInfo.InvariantCulture,
            $"flowcontrol.apiserver.k8s.io/{version} {kind} is deprecated in v1.{deprecated}+, unavailable in v1.{removed}+; ")
            + $"use flowcontrol.apiserver.k8s.io/v1 {kind}";
    }
}
