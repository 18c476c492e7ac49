using Cybernetes.Objects;
using V1 = Cybernetes.Objects.Rbac.V1;
using V1alpha1 = Cybernetes.Objects.Rbac.V1alpha1;

namespace Cybernetes.ApiServer.Registry.Rbac;

/// <summary>
/// Subjects of v1alpha1: they name an apiVersion where v1 names a group, and the user <c>*</c> was everyone who is authenticated.
/// </summary>
internal static class OlderSubjects
{
    private const string AllAuthenticated = "system:authenticated";

    public static void ToStored(List<V1alpha1.Subject>? served, List<V1.Subject>? stored)
    {
        for (var i = 0; i < (served?.Count ?? 0); i++)
        {
            var (from, to) = (served![i], stored![i]);
            var slash = from.APIVersion.IndexOf('/');
            to.APIGroup = from.Kind switch
            {
                "ServiceAccount" => "",
                "User" or "Group" => RbacChecks.Group,
                _ => slash < 0 ? "" : from.APIVersion[..slash],
            };
            if (to is { Kind: "User", Name: "*" })
                (to.Kind, to.Name) = ("Group", AllAuthenticated);
        }
    }

    public static void FromStored(List<V1.Subject>? stored, List<V1alpha1.Subject>? served)
    {
        for (var i = 0; i < (stored?.Count ?? 0); i++)
        {
            served![i].APIVersion = stored![i].Kind switch
            {
                "ServiceAccount" => "v1",
                "User" or "Group" => RbacChecks.Group + "/v1alpha1",
                _ => stored[i].APIGroup.Length == 0 ? "" : stored[i].APIGroup + "/",
            };
        }
    }
}
