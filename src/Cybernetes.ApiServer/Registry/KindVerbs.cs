namespace Cybernetes.ApiServer.Registry;

/// <summary>The verbs of a resource, as discovery lists them.</summary>
[Flags]
public enum KindVerbs
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>POST to the collection.</summary>
    Create = 1,

    /// <summary>DELETE of an object.</summary>
    Delete = 2,

    /// <summary>DELETE of the collection.</summary>
    DeleteCollection = 4,

    /// <summary>GET of an object.</summary>
    Get = 8,

    /// <summary>GET of the collection.</summary>
    List = 16,

    /// <summary>PATCH.</summary>
    Patch = 32,

    /// <summary>PUT.</summary>
    Update = 64,

    /// <summary>Watch of object or collection.</summary>
    Watch = 128,

    /// <summary>What a stored kind has.</summary>
    All = Create | Delete | DeleteCollection | Get | List | Patch | Update | Watch,
}

/// <summary>Names of verbs.</summary>
public static class KindVerbNames
{
    /// <summary>The verbs' names in alphabetical order, as discovery writes them.</summary>
    public static IReadOnlyList<string> Names(this KindVerbs verbs) =>
        [.. Enum.GetValues<KindVerbs>().Where(v => v is not (KindVerbs.None or KindVerbs.All) && verbs.HasFlag(v))
            .Select(v => v.ToString().ToLowerInvariant())];
}
