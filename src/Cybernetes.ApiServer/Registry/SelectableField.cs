using System.Text;

namespace Cybernetes.ApiServer.Registry;

/// <summary>
/// A field that field selectors may name, beside <c>metadata.name</c> and <c>metadata.namespace</c>, which every kind has. Its value is taken
/// from the stored JSON once, at the write or on first use.
/// </summary>
public sealed class SelectableField
{
    /// <param name="name">Name in selectors, such as <c>spec.nodeName</c>.</param>
    /// <param name="absent">The value when the field is not in the JSON: <c>""</c>, <c>"false"</c>, <c>"0"</c>.</param>
    /// <param name="path">Where it stands in the JSON; the name itself when null. Dots separate the fields.</param>
    public SelectableField(string name, string absent = "", string? path = null)
    {
        Name = name;
        Absent = absent;
        Path = [.. (path ?? name).Split('.').Select(Encoding.UTF8.GetBytes)];
    }

    /// <summary>Name in selectors.</summary>
    public string Name { get; }

    /// <summary>Value of an absent field.</summary>
    public string Absent { get; }

    internal byte[][] Path { get; }
}
