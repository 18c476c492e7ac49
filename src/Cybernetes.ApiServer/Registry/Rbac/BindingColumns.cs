using Cybernetes.Objects;
using Cybernetes.Objects.Rbac.V1;

namespace Cybernetes.ApiServer.Registry.Rbac;

/// <summary>The table of both kinds of bindings.</summary>
internal static class BindingColumns
{
    public static IReadOnlyList<Column<T>> Of<T>(Func<T, RoleRef> role, Func<T, List<Subject>?> subjects) where T : class, IKubernetesObject =>
    [
        Column<T>.Name,
        Column<T>.Text("Role", "The role that is given.", b => $"{role(b).Kind}/{role(b).Name}"),
        Column<T>.Age,
        Column<T>.Text("Users", "Users who have it.", b => Names(subjects(b), "User"), 1),
        Column<T>.Text("Groups", "Groups that have it.", b => Names(subjects(b), "Group"), 1),
        Column<T>.Text("ServiceAccounts", "Service accounts that have it.", b => Names(subjects(b), "ServiceAccount"), 1),
    ];

    private static string Names(List<Subject>? subjects, string kind) => string.Join(", ", subjects.OrEmpty()
        .Where(s => s.Kind == kind).Select(s => kind == "ServiceAccount" ? $"{s.Namespace}/{s.Name}" : s.Name));
}
