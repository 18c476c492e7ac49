using Cybernetes.Expressions;

namespace Cybernetes.ApiServer.Admission.Policies;

/// <summary>What expressions of admission policies and of webhooks' match conditions may name, and how they are compiled, in upstream's words.</summary>
internal static class PolicyExpressions
{
    /// <summary>What an apply configuration's expression gives: any object whose name begins so.</summary>
    public static readonly CelType AppliedObject = CelType.Object("Object", null);

    /// <summary>What one step of a JSON patch's expression is.</summary>
    public static readonly CelType PatchStep = CelType.Object("JSONPatch", new Dictionary<string, CelType>
    {
        ["op"] = CelType.String, ["path"] = CelType.String, ["from"] = CelType.String, ["value"] = CelType.Dyn,
    });

    private static readonly CelEnvironment s_plain = new(Variables());
    private static readonly CelEnvironment s_authorizing = s_plain.With("authorizer", CelAuthorizer.AuthorizerType)
        .With("authorizer.requestResource", CelAuthorizer.ResourceCheckType);

    /// <summary>The variables: object, oldObject, request, namespaceObject, and those asked for.</summary>
    public static CelEnvironment Environment(bool parameters, bool authorizer = true, bool patches = false)
    {
        var environment = authorizer ? s_authorizing : s_plain;
        if (parameters)
            environment = environment.With("params", CelType.Dyn);
        return patches ? new(environment.Variables) { ObjectTypes = PatchType } : environment;
    }

    /// <summary>The environment with the variables that a policy defines, as far as they are known.</summary>
    public static CelEnvironment WithVariables(CelEnvironment environment, IReadOnlyDictionary<string, CelType> variables) =>
        environment.With("variables", CelType.Object("kubernetes.variables", variables));

    /// <summary>Compiles; without types asked for any result will do.</summary>
    /// <returns>The program, or the detail of the field error.</returns>
    public static CelCompilation Compile(string expression, CelEnvironment environment, params CelType[] results)
    {
        var compilation = CelCompiler.Compile(expression, environment);
        if (compilation.Program is not { Type: var type })
            return new(null, "compilation failed: " + compilation.Error);
        // An empty list has no elements to tell its type by.
        if (results.Length == 0 || results.Contains(type) || (type.Equals(CelType.AnyList) && results[0].Kind == CelKind.List))
            return compilation;
        return new(null, results.Length == 1
            ? $"must evaluate to {results[0]} but got {type}"
            : $"must evaluate to one of [{string.Join(' ', results.Select(r => r.ToString()))}] but got {type}");
    }

    private static CelType? PatchType(string name) => name switch
    {
        "JSONPatch" => PatchStep,
        "Object" => AppliedObject,
        _ => name.StartsWith("Object.", StringComparison.Ordinal) ? CelType.Object(name, null) : null,
    };

    private static Dictionary<string, CelType> Variables() => new()
    {
        ["object"] = CelType.Dyn,
        ["oldObject"] = CelType.Dyn,
        ["request"] = Request(),
        ["namespaceObject"] = Namespace(),
    };

    private static CelType Request()
    {
        var text = CelType.String;
        var kind = CelType.Object("kubernetes.GroupVersionKind", new Dictionary<string, CelType> { ["group"] = text, ["version"] = text, ["kind"] = text });
        var resource = CelType.Object(
            "kubernetes.GroupVersionResource", new Dictionary<string, CelType> { ["group"] = text, ["version"] = text, ["resource"] = text });
        var user = CelType.Object("kubernetes.UserInfo", new Dictionary<string, CelType>
        {
            ["username"] = text, ["uid"] = text, ["groups"] = CelType.List(text), ["extra"] = CelType.Map(text, CelType.List(text)),
        });
        return CelType.Object("kubernetes.AdmissionRequest", new Dictionary<string, CelType>
        {
            ["kind"] = kind, ["resource"] = resource, ["subResource"] = text,
            ["requestKind"] = kind, ["requestResource"] = resource, ["requestSubResource"] = text,
            ["name"] = text, ["namespace"] = text, ["operation"] = text, ["userInfo"] = user, ["dryRun"] = CelType.Bool, ["options"] = CelType.Dyn,
        });
    }

    private static CelType Namespace()
    {
        var (text, texts) = (CelType.String, CelType.List(CelType.String));
        var labels = CelType.Map(text, text);
        var condition = CelType.Object("kubernetes.NamespaceCondition", new Dictionary<string, CelType>
        {
            ["status"] = text, ["type"] = text, ["lastTransitionTime"] = CelType.Timestamp, ["message"] = text, ["reason"] = text,
        });
        var metadata = CelType.Object("kubernetes.NamespaceMetadata", new Dictionary<string, CelType>
        {
            ["name"] = text, ["generateName"] = text, ["namespace"] = text, ["labels"] = labels, ["annotations"] = labels, ["UID"] = text,
            ["creationTimestamp"] = CelType.Timestamp, ["deletionGracePeriodSeconds"] = CelType.Int, ["deletionTimestamp"] = CelType.Timestamp,
            ["generation"] = CelType.Int, ["resourceVersion"] = text, ["finalizers"] = texts,
        });
        var status = new Dictionary<string, CelType> { ["conditions"] = CelType.List(condition), ["phase"] = text };
        return CelType.Object("kubernetes.Namespace", new Dictionary<string, CelType>
        {
            ["metadata"] = metadata,
            ["spec"] = CelType.Object("kubernetes.NamespaceSpec", new Dictionary<string, CelType> { ["finalizers"] = texts }),
            ["status"] = CelType.Object("kubernetes.NamespaceStatus", status),
        });
    }
}
