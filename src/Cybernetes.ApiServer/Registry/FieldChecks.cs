using System.Text.Json;
using Cybernetes.Objects;
using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.ApiServer.Registry;

/// <summary>Checks that several kinds share, in upstream's words. None allocates for what is valid.</summary>
internal static class FieldChecks
{
    public const string Immutability = "field is immutable";

    /// <summary>A DNS label in a field.</summary>
    public static void DnsLabel(string value, FieldPath path, string child, FieldErrorList errors) =>
        errors.InvalidChild(path, child, value, Names.Dns1123Label(value));

    /// <summary>A DNS subdomain in a field.</summary>
    public static void Subdomain(string value, FieldPath path, string child, FieldErrorList errors) =>
        errors.InvalidChild(path, child, value, Names.Dns1123Subdomain(value));

    /// <summary>A key of data or binaryData.</summary>
    public static void ConfigKey(string key, FieldPath path, FieldErrorList errors)
    {
        foreach (var reason in Names.ConfigMapKey(key))
            errors.Invalid(path.Key(key), key, reason);
    }

    /// <summary>A number below zero.</summary>
    public static void NonNegative(long value, FieldPath path, string child, FieldErrorList errors)
    {
        if (value < 0)
            errors.Invalid(path.Child(child), value, FieldRules.NotNegative);
    }

    /// <summary>A text that may not change.</summary>
    public static void Immutable(string value, string old, FieldPath path, FieldErrorList errors)
    {
        if (value != old)
            errors.Invalid(path, value, Immutability);
    }

    /// <summary>A port number or the name of one.</summary>
    public static void PortNumberOrName(IntOrString port, FieldPath path, string child, FieldErrorList errors)
    {
        if (port.IsString)
            errors.InvalidChild(path, child, port.StringValue, Names.PortName(port.StringValue));
        else if (port.IntValue is < 1 or > 65535)
            errors.InvalidChild(path, child, port.IntValue, Names.PortNumber(port.IntValue));
    }

    /// <summary>A finalizer of a namespace's spec: a qualified name, or one of the known words.</summary>
    public static void NamespaceFinalizer(string finalizer, FieldPath path, FieldErrorList errors)
    {
        errors.AddInvalid(path, finalizer, Names.QualifiedName(finalizer));
        if (!finalizer.Contains('/') && finalizer is not ("kubernetes" or "orphan" or "foregroundDeletion"))
            errors.Invalid(path, finalizer, "name is neither a standard finalizer name nor is it fully qualified");
    }

    /// <summary>A label selector.</summary>
    public static void Selector(LabelSelector? selector, FieldPath path, FieldErrorList errors)
    {
        if (selector is null)
            return;
        FieldRules.Labels(selector.MatchLabels, path.Child("matchLabels"), errors);
        var expressions = selector.MatchExpressions;
        for (var i = 0; i < (expressions?.Count ?? 0); i++)
            Requirement(expressions![i], path.Child("matchExpressions").Index(i), errors);
    }

    private static void Requirement(LabelSelectorRequirement requirement, FieldPath path, FieldErrorList errors)
    {
        var values = requirement.Values;
        switch (requirement.Operator)
        {
            case "In" or "NotIn":
                if ((values?.Count ?? 0) == 0)
                    errors.Required(path.Child("values"), "must be specified when `operator` is 'In' or 'NotIn'");
                break;
            case "Exists" or "DoesNotExist":
                if (values?.Count > 0)
                    errors.Forbidden(path.Child("values"), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
                break;
            default:
                errors.Invalid(path.Child("operator"), requirement.Operator, "not a valid selector operator");
                break;
        }
        errors.InvalidChild(path, "key", requirement.Key, Names.QualifiedName(requirement.Key));
        for (var i = 0; i < (values?.Count ?? 0); i++)
        {
            foreach (var reason in Names.LabelValue(values![i]))
                errors.Invalid(path.Child("values").Index(i), values[i], reason);
        }
    }

    /// <summary>Ready-made JSON as the value of an error.</summary>
    internal sealed class JsonValue(string json) : IFormattable
    {
        public string ToString(string? format, IFormatProvider? formatProvider) => json;

        /// <summary>The JSON of a structure.</summary>
        public static JsonValue Of(Action<Utf8JsonWriter> write)
        {
            var buffer = new System.Buffers.ArrayBufferWriter<byte>();
            using (var writer = new Utf8JsonWriter(buffer))
                write(writer);
            return new JsonValue(System.Text.Encoding.UTF8.GetString(buffer.WrittenSpan));
        }

        public override string ToString() => json;
    }
}
