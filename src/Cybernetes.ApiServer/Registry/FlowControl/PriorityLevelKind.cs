using System.Globalization;
using Cybernetes.Objects;
using Cybernetes.Objects.FlowControl.V1;
using First = Cybernetes.Objects.FlowControl.V1beta1;
using Second = Cybernetes.Objects.FlowControl.V1beta2;

namespace Cybernetes.ApiServer.Registry.FlowControl;

/// <summary>Priority levels: how many requests run at once, and how the others wait.</summary>
internal sealed class PriorityLevelKind : KindDefinition<PriorityLevelConfiguration>
{
    private const int DefaultShares = 30;
    private const string None = "<none>";

    // Before v1 a share of zero meant "not given": this says that it was meant.
    private const string KeepZero = "flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares";

    public override bool HasStatus => true;

    public override IReadOnlyList<string> FieldsKeptOnStatusWrite => ["metadata", "spec"];

    public override IReadOnlyList<Column<PriorityLevelConfiguration>> Columns { get; } =
    [
        Column<PriorityLevelConfiguration>.Name,
        Column<PriorityLevelConfiguration>.Text("Type", "Exempt or Limited.", p => p.Spec.Type),
        Column<PriorityLevelConfiguration>.Text("NominalConcurrencyShares", "Its part of the requests at once.", p =>
            Number(p.Spec.Limited is { } limited ? limited.NominalConcurrencyShares : p.Spec.Exempt?.NominalConcurrencyShares)),
        Column<PriorityLevelConfiguration>.Text("Queues", "Number of queues.", p => Number(Queuing(p)?.Queues)),
        Column<PriorityLevelConfiguration>.Text("HandSize", "Queues that a flow may use.", p => Number(Queuing(p)?.HandSize)),
        Column<PriorityLevelConfiguration>.Text("QueueLengthLimit", "Requests that may wait in a queue.", p => Number(Queuing(p)?.QueueLengthLimit)),
        Column<PriorityLevelConfiguration>.Age,
    ];

    protected override IReadOnlyList<ServedVersion> OtherVersions { get; } =
    [
        new RenamedVersion<PriorityLevelConfiguration>("v1beta3", FromThird, ToThird) { IsOlder = true, DeprecationWarning = Warning("v1beta3") },
        new ReshapedVersion<Second.PriorityLevelConfiguration, PriorityLevelConfiguration>(
            (served, stored) => SetShares(stored, served.Spec.Limited?.AssuredConcurrencyShares),
            (stored, served) => _ = served.Spec.Limited is { } limited
                ? limited.AssuredConcurrencyShares = stored.Spec.Limited?.NominalConcurrencyShares ?? 0 : 0)
        {
            IsOlder = true, DeprecationWarning = Warning("v1beta2"),
        },
        new ReshapedVersion<First.PriorityLevelConfiguration, PriorityLevelConfiguration>(
            (served, stored) => SetShares(stored, served.Spec.Limited?.AssuredConcurrencyShares),
            (stored, served) => _ = served.Spec.Limited is { } limited
                ? limited.AssuredConcurrencyShares = stored.Spec.Limited?.NominalConcurrencyShares ?? 0 : 0)
        {
            IsOlder = true, DeprecationWarning = Warning("v1beta1"),
        },
    ];

    protected override void Default(PriorityLevelConfiguration obj)
    {
        if (obj.Spec is { Type: "Exempt", Exempt: null })
            obj.Spec.Exempt = new();
        if (obj.Spec.Exempt is { } exempt)
        {
            exempt.NominalConcurrencyShares ??= 0;
            exempt.LendablePercent ??= 0;
        }
        if (obj.Spec.Limited is not { } limited)
            return;
        limited.NominalConcurrencyShares ??= DefaultShares;
        limited.LendablePercent ??= 0;
        if (limited.LimitResponse.Queuing is not { } queuing)
            return;
        queuing.Queues = queuing.Queues == 0 ? 64 : queuing.Queues;
        queuing.HandSize = queuing.HandSize == 0 ? 8 : queuing.HandSize;
        queuing.QueueLengthLimit = queuing.QueueLengthLimit == 0 ? 50 : queuing.QueueLengthLimit;
    }

    protected override void PrepareForCreate(PriorityLevelConfiguration obj, WriteContext context)
    {
        obj.Status = new();
        obj.Metadata.Generation = 1;
    }

    protected override void PrepareForUpdate(PriorityLevelConfiguration obj, PriorityLevelConfiguration old, WriteContext context)
    {
        obj.Status = old.Status;
        Generations.Count(obj.Metadata, old.Metadata, !obj.Spec.SemanticEquals(old.Spec));
    }

    protected override void PrepareForStatusUpdate(PriorityLevelConfiguration obj, PriorityLevelConfiguration old, WriteContext context)
    {
        obj.Spec = old.Spec;
        MetadataRules.ResetForStatus(obj.Metadata, old.Metadata);
    }

    protected override void Validate(PriorityLevelConfiguration obj, FieldErrorList errors)
    {
        PriorityLevelValidation.Validate(obj, errors);
        // The shares of the exempt level are the administrator's choice.
        if (obj.Metadata.Name != "catch-all" || FlowControlVersions.MandatoryJson(Plural, obj.Metadata.Name) is not { } json)
            return;
        var mandatory = (PriorityLevelConfiguration)DecodeStored(json);
        if (!obj.Spec.SemanticEquals(mandatory.Spec))
            errors.Invalid(FieldPath.Of("spec"), FieldChecks.JsonValue.Of(obj.Spec.WriteJson), "spec of 'catch-all' must equal the fixed value");
    }

    private static string Warning(string version) => FlowControlVersions.Warning("PriorityLevelConfiguration", version);

    private static void SetShares(PriorityLevelConfiguration stored, int? shares)
    {
        if (stored.Spec.Limited is { } limited)
            limited.NominalConcurrencyShares = shares is null or 0 ? null : shares;
    }

    private static void FromThird(PriorityLevelConfiguration stored)
    {
        var isMeant = stored.Metadata.Annotations?.Remove(KeepZero) == true;
        if (stored.Metadata.Annotations is { Count: 0 })
            stored.Metadata.Annotations = null;
        if (stored.Spec.Limited is { NominalConcurrencyShares: 0 } limited && !isMeant)
            limited.NominalConcurrencyShares = null;
    }

    private static void ToThird(PriorityLevelConfiguration served)
    {
        if (served.Spec.Limited is { NominalConcurrencyShares: 0 })
            (served.Metadata.Annotations ??= [])[KeepZero] = "";
    }

    private static QueuingConfiguration? Queuing(PriorityLevelConfiguration level) => level.Spec.Limited?.LimitResponse.Queuing;

    private static string Number(int? number) => number?.ToString(CultureInfo.InvariantCulture) ?? None;
}
