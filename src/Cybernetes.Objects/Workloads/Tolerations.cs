using System.Globalization;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Objects.Workloads;

/// <summary>Whether tolerations cover a taint (API reference, Toleration v1 core; Gt and Lt of KEP-5471).</summary>
public static class Tolerations
{
    /// <summary>Whether any of them covers the taint.</summary>
    public static bool Tolerate(IReadOnlyList<Toleration> tolerations, Taint taint)
    {
        foreach (var toleration in tolerations)
        {
            if (Tolerates(toleration, taint))
                return true;
        }
        return false;
    }

    /// <summary>Whether this one covers the taint. An empty key covers every key, an empty effect every effect.</summary>
    public static bool Tolerates(Toleration toleration, Taint taint)
    {
        if (toleration.Effect.Length > 0 && toleration.Effect != taint.Effect)
            return false;
        if (toleration.Key.Length > 0 && toleration.Key != taint.Key)
            return false;
        return toleration.Operator switch
        {
            "" or "Equal" => toleration.Value == taint.Value,
            "Exists" => true,
            "Gt" => Compare(taint.Value, toleration.Value) > 0,
            "Lt" => Compare(taint.Value, toleration.Value) < 0,
            _ => false,
        };
    }

    /// <summary>Zero, which is neither greater nor less, where one of the two is no number.</summary>
    private static int Compare(string taint, string toleration) =>
        long.TryParse(taint, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var a)
        && long.TryParse(toleration, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var b) ? a.CompareTo(b) : 0;
}
