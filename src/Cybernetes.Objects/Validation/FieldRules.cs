namespace Cybernetes.Objects;

/// <summary>Rules that many kinds share, adding their complaints to a list with upstream's words and paths.</summary>
public static class FieldRules
{
    public const string Immutable = "field is immutable";
    public const string NotNegative = "must be greater than or equal to 0";
    public const int AnnotationsMaximumBytes = 256 * 1024;

    /// <summary>Finalizers the garbage collector acts on; an object may not have both.</summary>
    public const string OrphanDependents = "orphan";

    /// <summary>See <see cref="OrphanDependents"/>.</summary>
    public const string DeleteDependents = "foregroundDeletion";

    public static void NonNegative(long value, FieldPath path, FieldErrorList errors)
    {
        if (value < 0) errors.Add(FieldError.Invalid(path, value, NotNegative));
    }

    public static void LabelName(string name, FieldPath path, FieldErrorList errors) =>
        errors.AddInvalid(path, name, Names.QualifiedName(name));

    /// <summary>Keys and values; in the order of the keys, so that the answer is the same each time.</summary>
    public static void Labels(Dictionary<string, string>? labels, FieldPath path, FieldErrorList errors)
    {
        if (labels is null) return;
        int before = errors.Count;
        foreach ((string key, string value) in labels)
        {
            if (Names.QualifiedName(key).Count + Names.LabelValue(value).Count == 0) continue;
            errors.Add(FieldError.Invalid(path, key, ""));
        }
        if (errors.Count == before) return;

        errors.RemoveRange(before, errors.Count - before);
        foreach (string key in JsonWrite.SortedKeys(labels))
        {
            LabelName(key, path, errors);
            errors.AddInvalid(path, labels[key], Names.LabelValue(labels[key]));
        }
    }

    /// <summary>Keys as qualified names whatever their case, and 256 KiB for keys and values together.</summary>
    public static void Annotations(Dictionary<string, string>? annotations, FieldPath path, FieldErrorList errors)
    {
        if (annotations is null) return;
        long size = 0;
        foreach (string key in JsonWrite.SortedKeys(annotations))
        {
            errors.AddInvalid(path, key, Names.QualifiedName(key.ToLowerInvariant()));
            size += Names.Bytes(key) + (long)Names.Bytes(annotations[key]);
        }
        if (size > AnnotationsMaximumBytes) errors.Add(FieldError.TooLong(path, AnnotationsMaximumBytes));
    }

    public static void Finalizers(List<string>? finalizers, FieldPath path, FieldErrorList errors)
    {
        if (finalizers is null) return;
        foreach (string finalizer in finalizers) errors.AddInvalid(path, finalizer, Names.QualifiedName(finalizer));
        if (finalizers.Contains(OrphanDependents) && finalizers.Contains(DeleteDependents))
            errors.Add(FieldError.Invalid(path, finalizers,
                $"finalizer {OrphanDependents} and {DeleteDependents} cannot be both set"));
    }

    /// <summary>The name by its rule; a generateName by the same rule with its trailing dash hidden.</summary>
    /// <param name="rule">One of <see cref="Names"/>.</param>
    public static void Name(string name, string generateName, Func<string, IReadOnlyList<string>> rule, FieldPath metadata,
        FieldErrorList errors)
    {
        if (generateName.Length > 0)
            errors.AddInvalid(metadata.Child("generateName"), generateName, rule(Names.MaskTrailingDash(generateName)));
        if (name.Length == 0) errors.Add(FieldError.Required(metadata.Child("name"), "name or generateName is required"));
        else errors.AddInvalid(metadata.Child("name"), name, rule(name));
    }

    /// <summary>A domain name of at least two parts, which may end in a dot.</summary>
    public static void FullyQualifiedDomainName(string name, FieldPath path, FieldErrorList errors)
    {
        if (name.Length == 0)
        {
            errors.Add(FieldError.Required(path, ""));
            return;
        }
        if (name.EndsWith('.')) name = name[..^1];
        if (!Subdomain(name, path, errors)) return;
        string[] labels = name.Split('.');
        if (labels.Length < 2)
        {
            errors.Add(FieldError.Invalid(path, name, "should be a domain with at least two segments separated by dots"));
            return;
        }
        foreach (string label in labels)
        {
            IReadOnlyList<string> reasons = Names.Dns1123Label(label);
            if (reasons.Count == 0) continue;
            errors.Add(FieldError.Invalid(path, label, string.Join(",", reasons)));
            return;
        }
    }

    /// <summary>A domain name of at least three parts.</summary>
    public static void FullyQualifiedName(string name, FieldPath path, FieldErrorList errors)
    {
        if (name.Length == 0) errors.Add(FieldError.Required(path, ""));
        else if (Subdomain(name, path, errors) && name.AsSpan().Count('.') < 2)
            errors.Add(FieldError.Invalid(path, name, "should be a domain with at least three segments separated by dots"));
    }

    /// <summary>A domain, a slash and a path: controllers of ingress classes, conditions of gates.</summary>
    public static void DomainPrefixedPath(string value, FieldPath path, FieldErrorList errors)
    {
        if (value.Length == 0)
        {
            errors.Add(FieldError.Required(path, ""));
            return;
        }
        int slash = value.IndexOf('/');
        if (slash <= 0 || slash == value.Length - 1)
        {
            errors.Add(FieldError.Invalid(path, value, "must be a domain-prefixed path (such as \"acme.io/foo\")"));
            return;
        }
        string host = value[..slash];
        errors.AddInvalid(path, host, Names.Dns1123Subdomain(host));
        string rest = value[(slash + 1)..];
        if (rest.AsSpan().ContainsAnyExcept(Characters.HttpPath))
            errors.Add(FieldError.Invalid(path, rest, Names.Form("Invalid path", @"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+")));
    }

    /// <summary>A qualified name that must have its prefix.</summary>
    public static void DomainPrefixedKey(string value, FieldPath path, FieldErrorList errors)
    {
        if (value.Length == 0)
        {
            errors.Add(FieldError.Required(path, ""));
            return;
        }
        int before = errors.Count;
        LabelName(value, path, errors);
        if (errors.Count == before && !value.Contains('/'))
            errors.Add(FieldError.Invalid(path, value, "must be a domain-prefixed key (such as \"acme.io/foo\")"));
    }

    /// <summary>The manager's name of a write: at most 128 bytes, all printable.</summary>
    public static void FieldManager(string manager, FieldPath path, FieldErrorList errors)
    {
        if (Names.Bytes(manager) > 128) errors.Add(FieldError.TooLong(path, 128));
        int position = 0;
        foreach (System.Text.Rune rune in manager.EnumerateRunes())
        {
            if (!GoText.IsPrintable(rune))
                errors.Add(FieldError.Invalid(path, manager,
                    $"invalid character {GoText.Unicode(rune)} (at position {position})"));
            position += rune.Utf8SequenceLength;
        }
    }

    private static bool Subdomain(string name, FieldPath path, FieldErrorList errors)
    {
        IReadOnlyList<string> reasons = Names.Dns1123Subdomain(name);
        if (reasons.Count == 0) return true;
        errors.Add(FieldError.Invalid(path, name, string.Join(",", reasons)));
        return false;
    }
}
