using Cybernetes.Objects;

namespace Cybernetes.Expressions.Libraries;

/// <summary>authorizer.group(g).resource(r).namespace(n).check(verb).allowed() and its kin.</summary>
internal static class AuthorizerLibrary
{
    private const long CheckCost = 350_000;

    public static void AddTo(FunctionTable table)
    {
        var (root, path) = (CelAuthorizer.AuthorizerType, CelAuthorizer.PathCheckType);
        var (group, resource) = (CelAuthorizer.GroupCheckType, CelAuthorizer.ResourceCheckType);
        var (decision, text) = (CelAuthorizer.DecisionType, CelType.String);
        table.Member("path", [root, text], path, Path);
        table.Member("group", [root, text], group, a => Of(a).Narrow(group, q => q with { Group = Text(a[1]) }));
        table.Member("serviceAccount", [root, text, text], root, ServiceAccount);
        table.Member("resource", [group, text], resource, a => Of(a).Narrow(resource, q => q with { Resource = Text(a[1]) }));
        table.Member("subresource", [resource, text], resource, a => Of(a).Narrow(resource, q => q with { Subresource = Text(a[1]) }));
        table.Member("namespace", [resource, text], resource, a => Of(a).Narrow(resource, q => q with { Namespace = Text(a[1]) }));
        table.Member("name", [resource, text], resource, a => Of(a).Narrow(resource, q => q with { Name = Text(a[1]) }));
        table.Member("check", [path, text], decision, a => Of(a).Check(Text(a[1])), (_, _) => CheckCost);
        table.Member("check", [resource, text], decision, a => Of(a).Check(Text(a[1])), (_, _) => CheckCost);
        table.Member("allowed", [decision], CelType.Bool, a => CelBool.Of(Answer(a).Allowed));
        table.Member("reason", [decision], text, a => new CelString(Answer(a).Reason));
        table.Member("errored", [decision], CelType.Bool, a => CelBool.Of(Answer(a).Error is not null));
        table.Member("error", [decision], text, a => new CelString(Answer(a).Error ?? ""));
    }

    private static CelAuthorizer Of(CelValue[] arguments) => (CelAuthorizer)arguments[0];

    private static CelAccessAnswer Answer(CelValue[] arguments) => ((CelDecision)arguments[0]).Answer;

    private static string Text(CelValue value) => ((CelString)value).Value;

    private static CelValue Path(CelValue[] a) =>
        Text(a[1]).Length == 0 ? new CelError("path must not be empty") : Of(a).Narrow(CelAuthorizer.PathCheckType, q => q with { Path = Text(a[1]) });

    private static CelValue ServiceAccount(CelValue[] a)
    {
        if (Names.Dns1123Label(Text(a[1])) is { Count: > 0 }) return new CelError("Invalid service account namespace");
        if (Names.Dns1123Subdomain(Text(a[2])) is { Count: > 0 }) return new CelError("Invalid service account name");
        return Of(a).Narrow(CelAuthorizer.AuthorizerType, q => q with { ServiceAccount = (Text(a[1]), Text(a[2])) });
    }
}
