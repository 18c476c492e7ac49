using Cybernetes.Objects.Schema;

namespace Cybernetes.ApiServer.Registry;

/// <summary>The facts' name of a kind's type.</summary>
internal static class KindTypeName
{
    /// <summary>Name for <see cref="SchemaFacts"/>: <c>io.k8s.api.core.v1.Pod</c>.</summary>
    public static string Of(KindFacts facts)
    {
        var group = facts.Group.Length == 0 ? "core" : facts.Group.Split('.')[0];
        return $"io.k8s.api.{group}.{facts.Version}.{facts.Kind}";
    }
}
