namespace Cybernetes.ApiServer.Registry;

/// <summary>Truth values as Go's strconv reads them.</summary>
internal static class GoBoolean
{
    /// <summary>The value; null when the word is none.</summary>
    public static bool? Parse(string word) => word switch
    {
        "1" or "t" or "T" or "true" or "TRUE" or "True" => true,
        "0" or "f" or "F" or "false" or "FALSE" or "False" => false,
        _ => null,
    };

    /// <summary>What Go says of a word that is none.</summary>
    public static string Error(string word) => $"strconv.ParseBool: parsing \"{word}\": invalid syntax";
}
