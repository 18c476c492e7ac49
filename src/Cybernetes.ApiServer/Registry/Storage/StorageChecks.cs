using System.Text;
using Cybernetes.Objects;

namespace Cybernetes.ApiServer.Registry.Storage;

/// <summary>Checks that the kinds of storage share.</summary>
internal static class StorageChecks
{
    private const int MaximumParameters = 512;
    private const int MaximumParameterBytes = 256 * 1024;

    /// <summary>A provisioner or driver: a qualified name, whatever its case.</summary>
    public static void Provisioner(string name, FieldPath path, FieldErrorList errors)
    {
        if (name.Length == 0)
            errors.Required(path);
        else
            errors.AddInvalid(path, name.ToLowerInvariant(), Names.QualifiedName(name.ToLowerInvariant()));
    }

    public static void Parameters(Dictionary<string, string>? parameters, bool allowEmpty, FieldErrorList errors)
    {
        var path = FieldPath.Of("parameters");
        if (parameters?.Count > MaximumParameters)
        {
            errors.TooLong(path, MaximumParameters);
            return;
        }
        foreach (var (key, _) in parameters.OrEmpty())
        {
            if (key.Length == 0)
                errors.Invalid(path, key, "field can not be empty.");
        }
        if (Bytes(parameters) > MaximumParameterBytes)
            errors.TooLong(path, MaximumParameterBytes);
        if (!allowEmpty && parameters is not { Count: > 0 })
            errors.Required(path, "must contain at least one key/value pair");
    }

    /// <summary>Bytes of all keys and values.</summary>
    public static long Bytes(Dictionary<string, string>? map) =>
        map.OrEmpty().Sum(p => (long)Encoding.UTF8.GetByteCount(p.Key) + Encoding.UTF8.GetByteCount(p.Value));
}
