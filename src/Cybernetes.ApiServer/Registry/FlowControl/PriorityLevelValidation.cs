using Cybernetes.Objects;
using Cybernetes.Objects.FlowControl.V1;

namespace Cybernetes.ApiServer.Registry.FlowControl;

/// <summary>Checks of priority levels.</summary>
internal static class PriorityLevelValidation
{
    private const int MostQueues = 10_000_000;
    private const int MostEntropyBits = 60;
    private static readonly FieldPath s_spec = FieldPath.Of("spec");

    public static void Validate(PriorityLevelConfiguration level, FieldErrorList errors)
    {
        var spec = level.Spec;
        if (level.Metadata.Name == "exempt" && spec.Type != "Exempt" || level.Metadata.Name != "exempt" && spec.Type == "Exempt")
            errors.Invalid(s_spec.Child("type"), spec.Type, "must be 'Exempt' if and only if `name` is 'exempt'");
        switch (spec.Type)
        {
            case "Exempt":
                if (spec.Limited is not null)
                    errors.Forbidden(s_spec.Child("limited"), "must be nil if the type is not Limited");
                if (spec.Exempt is { } exempt)
                    Shares(exempt.NominalConcurrencyShares, exempt.LendablePercent, s_spec.Child("exempt"), errors);
                break;
            case "Limited":
                if (spec.Exempt is not null)
                    errors.Forbidden(s_spec.Child("exempt"), "must be nil if the type is Limited");
                if (spec.Limited is null)
                    errors.Required(s_spec.Child("limited"), "must not be empty when type is Limited");
                else
                    Limited(spec.Limited, s_spec.Child("limited"), errors);
                break;
            default:
                errors.NotSupported(s_spec.Child("type"), spec.Type, "Exempt", "Limited");
                break;
        }
    }

    private static void Limited(LimitedPriorityLevelConfiguration limited, FieldPath path, FieldErrorList errors)
    {
        Shares(limited.NominalConcurrencyShares, limited.LendablePercent, path, errors);
        if (limited.BorrowingLimitPercent is < 0 and var percent)
            errors.Invalid(path.Child("borrowingLimitPercent"), percent, "if specified, must be a non-negative integer");
        var at = path.Child("limitResponse");
        switch (limited.LimitResponse.Type)
        {
            case "Reject":
                if (limited.LimitResponse.Queuing is not null)
                    errors.Forbidden(at.Child("queuing"), "must be nil if limited.limitResponse.type is not Limited");
                break;
            case "Queue":
                if (limited.LimitResponse.Queuing is { } queuing)
                    Queuing(queuing, at.Child("queuing"), errors);
                else
                    errors.Required(at.Child("queuing"), "must not be empty if limited.limitResponse.type is Limited");
                break;
            default:
                errors.NotSupported(at.Child("type"), limited.LimitResponse.Type, "Queue", "Reject");
                break;
        }
    }

    private static void Shares(int? shares, int? lendable, FieldPath path, FieldErrorList errors)
    {
        if (shares < 0)
            errors.Invalid(path.Child("nominalConcurrencyShares"), shares, "must be a non-negative integer");
        if (lendable is < 0 or > 100)
            errors.Invalid(path.Child("lendablePercent"), lendable, "must be between 0 and 100, inclusive");
    }

    private static void Queuing(QueuingConfiguration queuing, FieldPath path, FieldErrorList errors)
    {
        Positive(queuing.QueueLengthLimit, path, "queueLengthLimit", errors);
        Positive(queuing.Queues, path, "queues", errors);
        if (queuing.Queues > MostQueues)
            errors.Invalid(path.Child("queues"), queuing.Queues, $"must not be greater than {MostQueues}");
        Positive(queuing.HandSize, path, "handSize", errors);
        if (queuing.Queues <= 0 || queuing.HandSize <= 0)
            return;
        if (queuing.HandSize > queuing.Queues)
            errors.Invalid(path.Child("handSize"), queuing.HandSize, $"should not be greater than queues ({queuing.Queues})");
        var bits = 0.0;
        for (var i = 0; i < Math.Min(queuing.HandSize, queuing.Queues); i++)
            bits += Math.Log2(queuing.Queues - i);
        if (Math.Ceiling(bits) > MostEntropyBits)
            errors.Invalid(path.Child("handSize"), queuing.HandSize, $"required entropy bits of deckSize {queuing.Queues} and handSize "
                + $"{queuing.HandSize} should not be greater than {MostEntropyBits}");
    }

    private static void Positive(int value, FieldPath path, string child, FieldErrorList errors)
    {
        if (value <= 0)
            errors.Invalid(path.Child(child), value, "must be positive");
    }
}
