using System.Text;
using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Pipeline;
using Cybernetes.Objects;

namespace Cybernetes.ApiServer.Registry;

/// <summary>What is done about fields that are unknown or given twice.</summary>
internal enum FieldValidation
{
    Ignore,
    Warn,
    Strict,
}

/// <summary>The query of a create, update or patch (<c>meta/v1 CreateOptions</c> and its like), read and checked.</summary>
internal sealed record WriteOptions(bool DryRun, string FieldManager, FieldValidation FieldValidation, bool? Force)
{
    private const int MaximumManagerBytes = 128;

    /// <summary>Reads the query.</summary>
    /// <param name="request">The request.</param>
    /// <param name="kind">Name of the options' kind, for failures.</param>
    /// <param name="isApply">Whether the patch is a server-side apply.</param>
    public static WriteOptions Read(ApiRequest request, string kind, bool isApply = false)
    {
        var errors = new FieldErrorList();
        var dryRun = ReadDryRun(request, errors);
        var manager = request.Query("fieldManager");
        var force = request.Query("force").Length > 0 ? request.QueryFlag("force") : (bool?)null;
        if (isApply && manager.Length == 0)
            errors.Add(FieldError.Required(FieldPath.Of("fieldManager"), "is required for apply patch"));
        if (!isApply && kind == "PatchOptions" && force is not null)
            errors.Add(FieldError.Forbidden(FieldPath.Of("force"), "may not be specified for non-apply patch"));
        FieldRules.FieldManager(manager, FieldPath.Of("fieldManager"), errors);
        var text = request.Query("fieldValidation");
        if (text is not ("" or "Ignore" or "Warn" or "Strict"))
            errors.Add(FieldError.NotSupported(FieldPath.Of("fieldValidation"), text, "", "Ignore", "Strict", "Warn"));
        if (errors.Count > 0)
            throw Failure.Invalid("meta.k8s.io", kind, "", errors);
        var validation = text switch
        {
            "Ignore" => FieldValidation.Ignore,
            "Strict" => FieldValidation.Strict,
            _ => FieldValidation.Warn,
        };
        return new(dryRun, manager.Length > 0 ? manager : ManagerOf(request), validation, force);
    }

    internal static bool ReadDryRun(ApiRequest request, FieldErrorList errors)
    {
        if (!request.Http.Request.Query.TryGetValue("dryRun", out var values))
            return false;
        if (values.Any(v => v != "All"))
            errors.Add(FieldError.NotSupported(FieldPath.Of("dryRun"), values.OfType<string>().ToList(), "All"));
        return true;
    }

    /// <summary>Without a fieldManager the user agent up to its first slash names the manager.</summary>
    private static string ManagerOf(ApiRequest request)
    {
        var agent = request.Http.Request.Headers.UserAgent.ToString();
        var slash = agent.IndexOf('/');
        var name = slash < 0 ? agent : agent[..slash];
        if (name.Length <= MaximumManagerBytes && Ascii.IsValid(name) && !name.Any(char.IsControl))
            return name;
        var manager = new StringBuilder();
        foreach (var rune in name.EnumerateRunes())
        {
            if (Rune.IsControl(rune))
                continue;
            if (Encoding.UTF8.GetByteCount(manager.ToString()) + rune.Utf8SequenceLength > MaximumManagerBytes)
                break;
            manager.Append(rune);
        }
        return manager.ToString();
    }
}
