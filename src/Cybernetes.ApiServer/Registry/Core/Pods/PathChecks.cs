using Cybernetes.Objects;

namespace Cybernetes.ApiServer.Registry.Core.Pods;

/// <summary>Paths that may not lead out of where they start.</summary>
internal static class PathChecks
{
    /// <summary>No part is <c>..</c>.</summary>
    public static void NoBacksteps(string target, FieldPath path, FieldErrorList errors)
    {
        if (HasBackstep(target))
            errors.Invalid(path, target, "must not contain '..'");
    }

    /// <summary>Whether a part is <c>..</c>.</summary>
    public static bool HasBackstep(string target)
    {
        foreach (var part in target.AsSpan().Split('/'))
        {
            if (target.AsSpan()[part] is "..")
                return true;
        }
        return false;
    }

    /// <summary>Relative and without backsteps.</summary>
    public static void LocalDescending(string target, FieldPath path, FieldErrorList errors)
    {
        if (target.StartsWith('/'))
            errors.Invalid(path, target, "must be a relative path");
        NoBacksteps(target, path, errors);
    }

    /// <summary>Relative, without backsteps, and its first part does not start with two dots.</summary>
    public static void LocalNonReserved(string target, FieldPath path, FieldErrorList errors)
    {
        LocalDescending(target, path, errors);
        if (target.StartsWith("..", StringComparison.Ordinal) && !target.StartsWith("../", StringComparison.Ordinal))
            errors.Invalid(path, target, "must not start with '..'");
    }

    /// <summary>Permission bits.</summary>
    public static void Mode(int? mode, FieldPath path, string child, FieldErrorList errors)
    {
        if (mode is < 0 or > 0x1FF)
            errors.Invalid(path.Child(child), mode, "must be a number between 0 and 0777 (octal), both inclusive");
    }
}
