using System.Text;
using System.Text.Json;
using Cybernetes.ApiServer.Registry.Core.Pods;
using Cybernetes.Expressions;
using Cybernetes.Objects;
using Cybernetes.Objects.Resource.V1;

namespace Cybernetes.ApiServer.Registry.ResourceAllocation;

/// <summary>Checks that the kinds of resource.k8s.io share, in upstream's words. What selectors may cost is not estimated beforehand.</summary>
internal static class DeviceChecks
{
    public const int MostRequests = 32;
    public const int MostConfigurations = 32;
    private const int MostSelectors = 32;
    private const int MostParameterBytes = 10 * 1024;
    private const int MostIdBytes = 32;
    private const int MostPoolNameBytes = 253;
    private const int MostBindingConditions = 4;

    /// <summary>Checks each item, unless there are more than may be.</summary>
    public static void Each<T>(IReadOnlyList<T>? items, int most, FieldPath path, FieldErrorList errors, Action<T, FieldPath> check)
    {
        if (items is null)
            return;
        if (items.Count > most)
        {
            errors.TooMany(path, items.Count, most);
            return;
        }
        for (var i = 0; i < items.Count; i++)
            check(items[i], path.Index(i));
    }

    /// <summary>The same for items of which each may be there once.</summary>
    public static void Set<T>(IReadOnlyList<T>? items, int most, Func<T, string> key, FieldPath path, FieldErrorList errors, Action<T, FieldPath> check)
    {
        Each(items, most, path, errors, check);
        if (items is null || items.Count > most)
            return;
        var keys = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < items.Count; i++)
        {
            if (!keys.Add(key(items[i])))
                errors.Duplicate(path.Index(i), key(items[i]));
        }
    }

    /// <summary>Keys and values of a map, the keys in order.</summary>
    public static void Map<T>(
        Dictionary<string, T>? items, int most, FieldPath path, FieldErrorList errors, Action<string, FieldPath> checkKey, Action<T, FieldPath> check)
    {
        if (items is null)
            return;
        if (items.Count > most)
        {
            errors.TooMany(path, items.Count, most);
            return;
        }
        foreach (var (key, value) in items.OrderBy(i => i.Key, StringComparer.Ordinal))
        {
            checkKey(key, path);
            check(value, path.Key(key));
        }
    }

    public static void Driver(string driver, FieldPath path, FieldErrorList errors) => VolumeValidation.CsiDriverName(driver, path, errors);

    public static void Label(string name, FieldPath path, FieldErrorList errors) => errors.AddInvalid(path, name, Names.Dns1123Label(name));

    public static void Pool(string name, FieldPath path, FieldErrorList errors)
    {
        if (name.Length == 0)
        {
            errors.Required(path);
            return;
        }
        if (Encoding.UTF8.GetByteCount(name) > MostPoolNameBytes)
            errors.TooLong(path, MostPoolNameBytes);
        foreach (var part in name.Split('/'))
            errors.AddInvalid(path, part, Names.Dns1123Subdomain(part));
    }

    public static void Class(string name, FieldPath path, FieldErrorList errors)
    {
        if (name.Length == 0)
            errors.Required(path);
        else
            errors.AddInvalid(path, name, Names.Dns1123Subdomain(name));
    }

    public static void Selectors(List<DeviceSelector>? selectors, FieldPath path, FieldErrorList errors) =>
        Each(selectors, MostSelectors, path, errors, (selector, at) =>
        {
            if (selector.CEL is null)
                errors.Required(at.Child("cel"));
            else if (Encoding.UTF8.GetByteCount(selector.CEL.Expression) > DeviceExpression.MaximumLengthBytes)
                errors.TooLong(at.Child("cel", "expression"), DeviceExpression.MaximumLengthBytes);
            else if (DeviceExpression.Compile(selector.CEL.Expression).Error is { } wrong)
                errors.Invalid(at.Child("cel", "expression"), selector.CEL.Expression, wrong);
        });

    public static void Opaque(OpaqueDeviceConfiguration? opaque, FieldPath path, FieldErrorList errors)
    {
        var at = path.Child("opaque");
        if (opaque is null)
        {
            errors.Required(at);
            return;
        }
        Driver(opaque.Driver, at.Child("driver"), errors);
        Object(opaque.Parameters, MostParameterBytes, at.Child("parameters"), errors);
    }

    /// <summary>Raw data that must be a JSON object.</summary>
    public static void Object(RawJson raw, int mostBytes, FieldPath path, FieldErrorList errors)
    {
        if (raw.IsEmpty || raw.Utf8.Span.SequenceEqual("null"u8))
        {
            errors.Required(path);
            return;
        }
        if (raw.Utf8.Length > mostBytes)
        {
            errors.TooLong(path, mostBytes);
            return;
        }
        var reader = new Utf8JsonReader(raw.Utf8.Span, JsonLimits.ReaderOptions);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
            errors.Invalid(path, "<value omitted>", "must be a valid JSON object");
    }

    public static void Tolerations(List<DeviceToleration>? tolerations, FieldPath path, FieldErrorList errors)
    {
        for (var i = 0; i < (tolerations?.Count ?? 0); i++)
            Toleration(tolerations![i], path.Child("tolerations").Index(i), errors);
    }

    public static void Taint(string key, string value, string effect, string? oldEffect, FieldPath path, FieldErrorList errors)
    {
        errors.InvalidChild(path, "key", key, Names.QualifiedName(key));
        if (value.Length > 0)
            errors.InvalidChild(path, "value", value, Names.LabelValue(value));
        if (effect == oldEffect)
            return;
        if (effect.Length == 0)
            errors.Required(path.Child("effect"));
        else
            Effect(effect, path, errors);
    }

    public static void BindingConditions(List<string>? conditions, List<string>? failures, FieldPath path, FieldErrorList errors)
    {
        var (wanted, failed) = (conditions.OrEmpty(), failures.OrEmpty());
        Set(wanted, MostBindingConditions, c => c, path.Child("bindingConditions"), errors, (c, at) => errors.AddInvalid(at, c, Names.QualifiedName(c)));
        Set(failed, MostBindingConditions, c => c, path.Child("bindingFailureConditions"), errors, (c, at) =>
        {
            errors.AddInvalid(at, c, Names.QualifiedName(c));
            if (wanted.Contains(c))
                errors.Invalid(at, c, "bindingFailureConditions must not overlap with bindingConditions");
        });
        if (wanted.Count == 0 && failed.Count > 0)
            errors.Invalid(path.Child("bindingConditions"), wanted, "bindingConditions are required to use bindingFailureConditions");
        if (failed.Count == 0 && wanted.Count > 0)
            errors.Invalid(path.Child("bindingFailureConditions"), failed, "bindingFailureConditions are required to use bindingConditions");
    }

    /// <summary>An identifier, with a driver's domain before it or without.</summary>
    public static void QualifiedName(string name, FieldPath path, FieldErrorList errors)
    {
        var parts = name.Split('/');
        if (parts.Length > 2)
        {
            errors.Invalid(path, name, "must not contain more than one slash");
            return;
        }
        if (parts.Length == 2 && parts[0].Length == 0)
            errors.Invalid(path, "", "the domain must not be empty");
        else if (parts.Length == 2)
            Driver(parts[0], path, errors);
        if (parts.Length == 2 && parts[1].Length == 0)
        {
            errors.Invalid(path, "", "the name must not be empty");
            return;
        }
        if (Encoding.UTF8.GetByteCount(parts[^1]) > MostIdBytes)
            errors.TooLong(path, MostIdBytes);
        errors.AddInvalid(path, parts[^1], Names.CIdentifier(parts[^1]));
    }

    public static void FullyQualifiedName(string name, FieldPath path, FieldErrorList errors)
    {
        QualifiedName(name, path, errors);
        if (!name.Contains('/'))
            errors.Invalid(path, name, "a fully qualified name must be a domain and a name separated by a slash");
    }

    public static void Uid(string uid, FieldPath path, FieldErrorList errors)
    {
        if (!Guid.TryParse(uid, out _))
            errors.Invalid(path, uid, $"error validating uid: invalid UUID length: {Encoding.UTF8.GetByteCount(uid)}");
        else if (uid.Length != 36 || uid.Any(char.IsAsciiLetterUpper))
            errors.Invalid(path, uid, "uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal characters");
    }

    private static void Toleration(DeviceToleration toleration, FieldPath path, FieldErrorList errors)
    {
        if (toleration.Key.Length > 0)
            errors.InvalidChild(path, "key", toleration.Key, Names.QualifiedName(toleration.Key));
        switch (toleration.Operator)
        {
            case "Exists":
                if (toleration.Value.Length > 0)
                    errors.Invalid(path.Child("value"), toleration.Value, "must be empty for operator `Exists`");
                break;
            case "Equal":
                errors.InvalidChild(path, "value", toleration.Value, Names.LabelValue(toleration.Value));
                break;
            case "":
                errors.Required(path.Child("operator"));
                break;
            default:
                errors.NotSupported(path.Child("operator"), toleration.Operator, "Equal", "Exists");
                break;
        }
        if (toleration.Effect.Length > 0)
            Effect(toleration.Effect, path, errors);
    }

    private static void Effect(string effect, FieldPath path, FieldErrorList errors)
    {
        if (effect is not ("NoExecute" or "NoSchedule" or "None"))
            errors.NotSupported(path.Child("effect"), effect, "NoExecute", "NoSchedule", "None");
    }
}
