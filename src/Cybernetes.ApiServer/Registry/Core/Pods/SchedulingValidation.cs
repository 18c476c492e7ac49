using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Pods;

/// <summary>Tolerations, taints, readiness gates and scheduling gates.</summary>
internal static class SchedulingValidation
{
    public static void Gates(PodSpec spec, FieldPath path, FieldErrorList errors)
    {
        for (var i = 0; i < (spec.ReadinessGates?.Count ?? 0); i++)
        {
            var type = spec.ReadinessGates![i].ConditionType;
            errors.InvalidChildOf(path.Child("readinessGates"), i, "conditionType", type, Names.QualifiedName(type));
        }
        for (var i = 0; i < (spec.SchedulingGates?.Count ?? 0); i++)
        {
            var name = spec.SchedulingGates![i].Name;
            foreach (var reason in Names.QualifiedName(name))
                errors.Invalid(path.Child("schedulingGates").Index(i), name, reason);
            if (spec.SchedulingGates.FindIndex(g => g.Name == name) < i)
                errors.Duplicate(path.Child("schedulingGates").Index(i), name);
        }
    }

    public static void Tolerations(List<Toleration> tolerations, FieldPath path, FieldErrorList errors)
    {
        for (var i = 0; i < tolerations.Count; i++)
            OneToleration(tolerations[i], path, i, errors);
    }

    /// <summary>Taints of a node; unique by key and effect.</summary>
    public static void Taints(List<Taint> taints, FieldPath path, FieldErrorList errors)
    {
        for (var i = 0; i < taints.Count; i++)
        {
            var taint = taints[i];
            var at = path.Index(i);
            errors.InvalidChild(at, "key", taint.Key, Names.QualifiedName(taint.Key));
            if (Names.LabelValue(taint.Value) is { Count: > 0 } reasons)
                errors.Invalid(at.Child("value"), taint.Value, string.Join(";", reasons));
            if (taint.Effect.Length == 0)
                errors.Required(at.Child("effect"));
            else
                Effect(taint.Effect, at, errors);
            if (taints.FindIndex(t => t.Key == taint.Key && t.Effect == taint.Effect) < i)
                errors.Add(FieldError.Duplicate(at, AsJson(taint)).WithDetail("taints must be unique by key and effect pair"));
        }
    }

    private static void OneToleration(Toleration toleration, FieldPath path, int index, FieldErrorList errors)
    {
        if (toleration.Key.Length > 0)
            errors.InvalidChildOf(path, index, "key", toleration.Key, Names.QualifiedName(toleration.Key));
        else if (toleration.Operator != "Exists")
        {
            errors.Invalid(
                path.Index(index).Child("operator"), toleration.Operator,
                "operator must be Exists when `key` is empty, which means \"match all values and all keys\"");
        }
        if (toleration.TolerationSeconds is not null && toleration.Effect != "NoExecute")
        {
            errors.Invalid(
                path.Index(index).Child("effect"), toleration.Effect, "effect must be 'NoExecute' when `tolerationSeconds` is set");
        }
        switch (toleration.Operator)
        {
            case "" or "Equal":
                if (Names.LabelValue(toleration.Value) is { Count: > 0 } reasons)
                    errors.Invalid(path.Index(index).Child("operator"), toleration.Value, string.Join(";", reasons));
                break;
            case "Exists":
                if (toleration.Value.Length > 0)
                    errors.Invalid(path.Index(index).Child("operator"), toleration.Value, "value must be empty when `operator` is 'Exists'");
                break;
            default:
                errors.NotSupported(path.Index(index).Child("operator"), toleration.Operator, "Equal", "Exists");
                break;
        }
        if (toleration.Effect.Length > 0)
            Effect(toleration.Effect, path.Index(index), errors);
    }

    private static void Effect(string effect, FieldPath path, FieldErrorList errors)
    {
        if (effect is not ("NoSchedule" or "PreferNoSchedule" or "NoExecute"))
            errors.NotSupported(path.Child("effect"), effect, "NoSchedule", "PreferNoSchedule", "NoExecute");
    }

    private static FieldChecks.JsonValue AsJson(Taint taint) => FieldChecks.JsonValue.Of(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("Key", taint.Key);
        writer.WriteString("Value", taint.Value);
        writer.WriteString("Effect", taint.Effect);
        writer.WriteString("TimeAdded", taint.TimeAdded is { } time ? KubernetesTime.Format(time) : null);
        writer.WriteEndObject();
    });
}
