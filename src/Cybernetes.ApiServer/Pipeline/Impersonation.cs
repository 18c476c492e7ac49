using Cybernetes.ApiServer.Authentication;
using Cybernetes.ApiServer.Authorization;
using Cybernetes.ApiServer.Failures;

namespace Cybernetes.ApiServer.Pipeline;

/// <summary>
/// The <c>Impersonate-*</c> headers: one user acts as another where the authorizer lets it. Source: Kubernetes reference, "User impersonation".
/// </summary>
internal static class Impersonation
{
    private const string ExtraPrefix = "Impersonate-Extra-";

    /// <summary>Whether the request has any of the headers. Most have none, and that must cost nothing.</summary>
    public static bool IsAsked(ApiRequest request)
    {
        foreach (var (name, _) in request.Http.Request.Headers)
        {
            if (name.StartsWith("Impersonate-", StringComparison.OrdinalIgnoreCase))
                return true;
        }
        return false;
    }

    /// <summary>The user that the request acts as.</summary>
    public static async ValueTask<UserInfo> ApplyAsync(ApiRequest request, IAuthorizer authorizer)
    {
        var headers = request.Http.Request.Headers;
        var name = headers["Impersonate-User"].ToString();
        var groups = headers["Impersonate-Group"];
        var uid = headers["Impersonate-Uid"].ToString();
        var extra = headers.Where(h => h.Key.StartsWith(ExtraPrefix, StringComparison.OrdinalIgnoreCase)).ToList();
        if (name.Length == 0)
        {
            if (groups.Count > 0 || uid.Length > 0 || extra.Count > 0)
                throw Failure.Internal("requested impersonation without impersonating a user");
            return request.User;
        }

        var account = name.Split(':');
        if (account is ["system", "serviceaccount", { Length: > 0 } ns, { Length: > 0 } accountName])
            await DemandAsync(request, authorizer, "", "serviceaccounts", "", ns, accountName);
        else
            await DemandAsync(request, authorizer, "", "users", "", "", name);
        foreach (var group in groups)
            await DemandAsync(request, authorizer, "", "groups", "", "", group ?? "");
        if (uid.Length > 0)
            await DemandAsync(request, authorizer, "authentication.k8s.io", "uids", "", "", uid);
        var extras = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var (header, values) in extra)
        {
            var key = Uri.UnescapeDataString(header[ExtraPrefix.Length..].ToLowerInvariant());
            foreach (var value in values)
                await DemandAsync(request, authorizer, "authentication.k8s.io", "userextras", key, "", value ?? "");
            extras[key] = [.. values.Select(v => v ?? "")];
        }

        List<string> all = [.. groups.Select(g => g ?? "")];
        if (all.Count == 0 && account is ["system", "serviceaccount", _, _])
            all.AddRange(["system:serviceaccounts", $"system:serviceaccounts:{account[2]}"]);
        var marker = name == UserInfo.AnonymousName ? "system:unauthenticated" : UserInfo.AuthenticatedGroup;
        if (!all.Contains(marker))
            all.Add(marker);
        return new UserInfo(name, all) { Uid = uid, Extra = extras };
    }

    private static async ValueTask DemandAsync(
        ApiRequest request, IAuthorizer authorizer, string group, string resource, string subresource, string ns, string name)
    {
        var attributes = new AuthorizationAttributes(request.User, "impersonate", group, "v1", resource, subresource, ns, name, "", true);
        var decision = await authorizer.AuthorizeAsync(attributes, request.Aborted);
        if (decision.Verdict != Verdict.Allow)
            throw attributes.Forbidden(decision.Reason);
    }
}
