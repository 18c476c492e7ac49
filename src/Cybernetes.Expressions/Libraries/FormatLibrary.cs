using System.Buffers.Text;
using System.Globalization;
using Cybernetes.Objects;

namespace Cybernetes.Expressions
{
    /// <summary>A named format of strings, and the check it stands for.</summary>
    public sealed class CelStringFormat : CelValue
    {
        internal CelStringFormat(string name, int patternLength, Func<string, IReadOnlyList<string>> validate)
        {
            (Name, PatternLength, Validate) = (name, patternLength, validate);
        }

        internal static CelType CelTypeOf { get; } = CelType.Opaque("kubernetes.NamedFormat");

        public string Name { get; }

        /// <summary>What a check costs grows with this.</summary>
        internal int PatternLength { get; }

        /// <summary>What is wrong with a string; empty when nothing is.</summary>
        public Func<string, IReadOnlyList<string>> Validate { get; }

        public override CelType Type => CelTypeOf;

        public override string ToString() => Name;
    }
}

namespace Cybernetes.Expressions.Libraries
{
    /// <summary>format.dns1123Label().validate(x) and its kin.</summary>
    internal static class FormatLibrary
    {
        private static readonly Dictionary<string, CelStringFormat> s_formats = new(StringComparer.Ordinal)
        {
            ["dns1123Label"] = new("DNS1123Label", 30, Names.Dns1123Label),
            ["dns1123Subdomain"] = new("DNS1123Subdomain", 60, Names.Dns1123Subdomain),
            ["dns1035Label"] = new("DNS1035Label", 30, Names.Dns1035Label),
            ["qualifiedName"] = new("QualifiedName", 60, Names.QualifiedName),
            ["dns1123LabelPrefix"] = new("DNS1123LabelPrefix", 30, s => Names.Dns1123Label(Names.MaskTrailingDash(s))),
            ["dns1123SubdomainPrefix"] = new("DNS1123SubdomainPrefix", 60, s => Names.Dns1123Subdomain(Names.MaskTrailingDash(s))),
            ["dns1035LabelPrefix"] = new("DNS1035LabelPrefix", 30, s => Names.Dns1035Label(Names.MaskTrailingDash(s))),
            ["labelValue"] = new("LabelValue", 40, Names.LabelValue),
            ["uri"] = new("URI", 1000, s => CelUrl.Parse(s) is null ? [$"parse {GoText.Quote(s)}: invalid URI for request"] : []),
            ["uuid"] = new("uuid", 100, s => Unless(IsUuid(s), "does not match the UUID format")),
            ["byte"] = new("byte", 100, s => Unless(s.Length > 0 && Base64.IsValid(s), "invalid base64")),
            ["date"] = new("date", 100, s => Unless(IsDate(s), "invalid date")),
            ["datetime"] = new("datetime", 100, s => Unless(CelTimestamp.Parse(s.ToUpperInvariant()) is CelTimestamp, "invalid datetime")),
        };

        public static void AddTo(FunctionTable table)
        {
            var type = CelStringFormat.CelTypeOf;
            foreach (var (name, format) in s_formats) table.Global("format." + name, [], type, _ => format);
            table.Global(
                "format.named", [CelType.String], CelType.Optional(type),
                a => s_formats.TryGetValue(((CelString)a[0]).Value, out var format) ? CelOptional.Of(format) : CelOptional.None);
            table.Member("validate", [type, CelType.String], CelType.Optional(CelType.List(CelType.String)), Validate, Cost);
        }

        private static CelValue Validate(CelValue[] arguments)
        {
            var errors = ((CelStringFormat)arguments[0]).Validate(((CelString)arguments[1]).Value);
            return errors.Count == 0 ? CelOptional.None : CelOptional.Of(CelList.Of([.. errors.Select(e => new CelString(e))]));
        }

        private static long Cost(CelValue[] arguments, CelValue result) =>
            Costs.Traversal(1 + arguments[1].Size) * (long)Math.Ceiling(((CelStringFormat)arguments[0]).PatternLength * 0.25);

        private static IReadOnlyList<string> Unless(bool valid, string error) => valid ? [] : [error];

        private static bool IsDate(string text) =>
            DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _);

        /// <summary>With dashes or without, as the schema format takes it.</summary>
        private static bool IsUuid(string text) => Guid.TryParseExact(text, "D", out _) || Guid.TryParseExact(text, "N", out _);
    }
}
