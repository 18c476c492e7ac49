using System.Text;
using System.Text.Json;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core;

/// <summary>Secrets. The type says which keys must be there.</summary>
internal sealed class SecretKind : KindDefinition<Secret>
{
    private const int MaximumBytes = 1024 * 1024;

    public override IReadOnlyList<SelectableField> SelectableFields { get; } = [new("type")];

    public override IReadOnlyList<Column<Secret>> Columns { get; } =
    [
        Column<Secret>.Name,
        Column<Secret>.Text("Type", "What the secret is for.", s => s.Type),
        CountColumn.Of<Secret>("Data", "Number of entries.", s => s.Data?.Count ?? 0),
        Column<Secret>.Age,
    ];

    internal static bool Same(Dictionary<string, byte[]>? left, Dictionary<string, byte[]>? right)
    {
        if ((left?.Count ?? 0) != (right?.Count ?? 0))
            return false;
        foreach (var (key, value) in left.OrEmpty())
        {
            if (!right!.TryGetValue(key, out var other) || !value.AsSpan().SequenceEqual(other))
                return false;
        }
        return true;
    }

    protected override void Default(Secret obj)
    {
        if (obj.Type.Length == 0)
            obj.Type = "Opaque";
        if (obj.StringData is not { } texts)
            return;
        // stringData is a way to write: it is folded into data and never read back.
        foreach (var (key, text) in texts)
            (obj.Data ??= [])[key] = Encoding.UTF8.GetBytes(text);
        obj.StringData = null;
    }

    protected override void PrepareForUpdate(Secret obj, Secret old, WriteContext context)
    {
        // An update that leaves the type out keeps it.
        if (obj.Type.Length == 0)
            obj.Type = old.Type;
    }

    protected override void Validate(Secret obj, FieldErrorList errors)
    {
        var data = FieldPath.Of("data");
        long total = 0;
        foreach (var (key, value) in obj.Data.OrEmpty())
        {
            FieldChecks.ConfigKey(key, data, errors);
            total += value.Length;
        }
        if (total > MaximumBytes)
            errors.TooLong(data, MaximumBytes);
        CheckType(obj, data, errors);
    }

    protected override void ValidateUpdate(Secret obj, Secret old, FieldErrorList errors)
    {
        FieldChecks.Immutable(obj.Type, old.Type, FieldPath.Of("type"), errors);
        if (old.Immutable != true)
            return;
        const string Why = "field is immutable when `immutable` is set";
        if (obj.Immutable != true)
            errors.Forbidden(FieldPath.Of("immutable"), Why);
        if (!Same(obj.Data, old.Data))
            errors.Forbidden(FieldPath.Of("data"), Why);
    }

    private static void CheckType(Secret obj, FieldPath data, FieldErrorList errors)
    {
        switch (obj.Type)
        {
            case "kubernetes.io/service-account-token":
                if ((obj.Metadata.Annotations?.GetValueOrDefault("kubernetes.io/service-account.name") ?? "").Length == 0)
                    errors.Required(FieldPath.Of("metadata").Child("annotations").Key("kubernetes.io/service-account.name"), "");
                break;
            case "kubernetes.io/dockercfg":
                CheckDocker(obj, ".dockercfg", data, errors);
                break;
            case "kubernetes.io/dockerconfigjson":
                CheckDocker(obj, ".dockerconfigjson", data, errors);
                break;
            case "kubernetes.io/basic-auth":
                if (!Has(obj, "username") && !Has(obj, "password"))
                {
                    errors.Required(data.Key("username"), "");
                    errors.Required(data.Key("password"), "");
                }
                break;
            case "kubernetes.io/ssh-auth":
                if ((obj.Data?.GetValueOrDefault("ssh-privatekey")?.Length ?? 0) == 0)
                    errors.Required(data.Key("ssh-privatekey"), "");
                break;
            case "kubernetes.io/tls":
                if (!Has(obj, "tls.crt"))
                    errors.Required(data.Key("tls.crt"), "");
                if (!Has(obj, "tls.key"))
                    errors.Required(data.Key("tls.key"), "");
                break;
        }
    }

    private static bool Has(Secret obj, string key) => obj.Data?.ContainsKey(key) == true;

    private static void CheckDocker(Secret obj, string key, FieldPath data, FieldErrorList errors)
    {
        if (obj.Data?.TryGetValue(key, out var bytes) != true)
        {
            errors.Required(data.Key(key), "");
            return;
        }
        // The message must not show the secret: upstream prints a placeholder.
        if (JsonProblem(bytes!) is { } problem)
            errors.Invalid(data.Key(key), "<secret contents redacted>", problem);
    }

    /// <summary>Go's text about bytes that are not a JSON object; null when they are.</summary>
    private static string? JsonProblem(byte[] bytes)
    {
        if (bytes.Length == 0)
            return "unexpected end of JSON input";
        try
        {
            using var document = JsonDocument.Parse(bytes);
            return document.RootElement.ValueKind is JsonValueKind.Object or JsonValueKind.Null
                ? null
                : $"json: cannot unmarshal {GoKind(document.RootElement.ValueKind)} into Go value of type map[string]interface {{}}";
        }
        catch (JsonException problem)
        {
            var at = (int)(problem.BytePositionInLine ?? 0);
            return problem.LineNumber is null or 0 && at < bytes.Length
                ? $"invalid character '{(char)bytes[at]}' looking for beginning of value"
                : "unexpected end of JSON input";
        }
    }

    private static string GoKind(JsonValueKind kind) => kind switch
    {
        JsonValueKind.String => "string",
        JsonValueKind.Number => "number",
        JsonValueKind.Array => "array",
        _ => "bool",
    };
}
