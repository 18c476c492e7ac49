using System.Buffers;

namespace Cybernetes.Objects;

/// <summary>The character sets names are made of.</summary>
internal static class Characters
{
    private const string Lower = "abcdefghijklmnopqrstuvwxyz";
    private const string Upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    private const string Digit = "0123456789";

    public static readonly SearchValues<char> Label = SearchValues.Create(Lower + Digit + "-");
    public static readonly SearchValues<char> UnderscoreLabel = SearchValues.Create(Lower + Digit + "-_");
    public static readonly SearchValues<char> ConfigKey = SearchValues.Create(Lower + Upper + Digit + "-._");
    public static readonly SearchValues<char> Header = SearchValues.Create(Lower + Upper + Digit + "-");
    public static readonly SearchValues<char> Identifier = SearchValues.Create(Lower + Upper + Digit + "_");
    public static readonly SearchValues<char> HttpPath = SearchValues.Create(Lower + Upper + Digit + "/-._~%!$&'()*+,;=:");
}
