using Cybernetes.Objects;

namespace Cybernetes.ApiServer.Registry.Networking;

/// <summary>Checks that the kinds of networking share.</summary>
internal static class NetworkingChecks
{
    /// <summary>Required, and fit to stand between the slashes of a path.</summary>
    public static void Segment(string value, FieldPath path, string child, FieldErrorList errors)
    {
        if (value.Length == 0)
            errors.Required(path.Child(child));
        else
            errors.InvalidChild(path, child, value, Names.PathSegment(value));
    }
}
