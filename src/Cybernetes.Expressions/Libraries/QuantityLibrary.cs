using Cybernetes.Objects;

namespace Cybernetes.Expressions
{
    /// <summary>A quantity such as 1.5Gi.</summary>
    public sealed class CelQuantity(Quantity value) : CelValue
    {
        internal static CelType CelTypeOf { get; } = CelType.Opaque("kubernetes.Quantity");

        public Quantity Value { get; } = value;

        public override CelType Type => CelTypeOf;

        public override bool Equals(object? obj) => obj is CelQuantity other && Value.CompareTo(other.Value) == 0;

        public override int GetHashCode() => Value.GetHashCode();

        public override string ToString() => Value.ToString();
    }
}

namespace Cybernetes.Expressions.Libraries
{
    /// <summary>Quantities: parsing, comparison, sums.</summary>
    internal static class QuantityLibrary
    {
        public static void AddTo(FunctionTable table)
        {
            var type = CelQuantity.CelTypeOf;
            table.Global("quantity", [CelType.String], type, a => Parse(((CelString)a[0]).Value), Costs.First);
            table.Global("isQuantity", [CelType.String], CelType.Bool, a => CelBool.Of(!Parse(((CelString)a[0]).Value).IsError), Costs.First);
            table.Global("sign", [type], CelType.Int, a => CelInt.Of(Of(a[0]).Sign));
            table.Member("sign", [type], CelType.Int, a => CelInt.Of(Of(a[0]).Sign));
            table.Member("isInteger", [type], CelType.Bool, a => CelBool.Of(Whole(Of(a[0]))));
            table.Member(
                "asInteger", [type], CelType.Int, a => Whole(Of(a[0])) ? CelInt.Of(Of(a[0]).Value()) : new CelError("cannot convert value to integer"));
            table.Member("asApproximateFloat", [type], CelType.Double, a => new CelDouble(Of(a[0]).ToDouble()));
            table.Member("compareTo", [type, type], CelType.Int, a => CelInt.Of(Of(a[0]).CompareTo(Of(a[1]))));
            table.Member("isGreaterThan", [type, type], CelType.Bool, a => CelBool.Of(Of(a[0]) > Of(a[1])));
            table.Member("isLessThan", [type, type], CelType.Bool, a => CelBool.Of(Of(a[0]) < Of(a[1])));
            table.Member("add", [type, type], type, a => new CelQuantity(Of(a[0]) + Of(a[1])));
            table.Member("add", [type, CelType.Int], type, a => new CelQuantity(Of(a[0]) + Quantity.FromInt64(((CelInt)a[1]).Value)));
            table.Member("sub", [type, type], type, a => new CelQuantity(Of(a[0]) - Of(a[1])));
            table.Member("sub", [type, CelType.Int], type, a => new CelQuantity(Of(a[0]) - Quantity.FromInt64(((CelInt)a[1]).Value)));
        }

        private static Quantity Of(CelValue value) => ((CelQuantity)value).Value;

        private static bool Whole(Quantity value) =>
            value.IsWhole && value.CompareTo(long.MinValue) >= 0 && value.CompareTo(long.MaxValue) <= 0;

        private static CelValue Parse(string text) =>
            Quantity.TryParse(text, out var quantity) is { } error ? new CelError(error) : new CelQuantity(quantity);
    }
}
