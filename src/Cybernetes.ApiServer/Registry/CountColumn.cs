using Cybernetes.Objects;

namespace Cybernetes.ApiServer.Registry;

/// <summary>Columns that upstream declares as text and fills with a number.</summary>
internal static class CountColumn
{
    /// <summary>A column of type string whose cells are numbers.</summary>
    public static Column<T> Of<T>(string name, string description, Func<T, int> count) where T : class, IKubernetesObject =>
        new(new(name, "string", "", description, 0), (o, _) => count(o));
}
