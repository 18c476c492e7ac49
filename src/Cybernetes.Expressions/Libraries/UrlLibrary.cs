using Cybernetes.Objects;

namespace Cybernetes.Expressions
{
    /// <summary>An absolute URI or an absolute path.</summary>
    public sealed class CelUrl : CelValue
    {
        private readonly string _text;

        private CelUrl(string text, string scheme, string authority, string path, string query)
        {
            (_text, Scheme, Authority) = (text, scheme, authority);
            (Path, Query) = (path, query);
        }

        internal static CelType CelTypeOf { get; } = CelType.Opaque("kubernetes.URL");

        public string Scheme { get; }

        /// <summary>Host and port, without user information.</summary>
        public string Authority { get; }

        /// <summary>As written, escapes included.</summary>
        public string Path { get; }

        public string Query { get; }

        public override CelType Type => CelTypeOf;

        public string Port => Authority.LastIndexOf(':') is var colon && colon > Authority.LastIndexOf(']') ? Authority[(colon + 1)..] : "";

        public string Hostname
        {
            get
            {
                if (Authority.StartsWith('[')) return Authority[1..Math.Max(1, Authority.IndexOf(']'))];
                var colon = Authority.LastIndexOf(':');
                return colon < 0 ? Authority : Authority[..colon];
            }
        }

        /// <summary>What Go's url.ParseRequestURI accepts; null for the rest.</summary>
        public static CelUrl? Parse(string text)
        {
            if (text.Length == 0 || text.Any(c => c < ' ' || c == 0x7f)) return null;
            var rest = text;
            var scheme = "";
            var colon = rest.IndexOf(':');
            if (colon > 0 && char.IsAsciiLetter(rest[0]) && rest[..colon].All(c => char.IsAsciiLetterOrDigit(c) || c is '+' or '-' or '.'))
                (scheme, rest) = (rest[..colon].ToLowerInvariant(), rest[(colon + 1)..]);
            var mark = rest.IndexOf('?');
            var query = mark < 0 ? "" : rest[(mark + 1)..];
            if (mark >= 0) rest = rest[..mark];
            if (!rest.StartsWith('/')) return scheme.Length > 0 && rest.Length > 0 && mark < 0 ? new CelUrl(text, scheme, "", "", query) : null;
            var authority = "";
            if (scheme.Length > 0 && rest.StartsWith("//", StringComparison.Ordinal))
            {
                var slash = rest.IndexOf('/', 2);
                authority = slash < 0 ? rest[2..] : rest[2..slash];
                rest = slash < 0 ? "" : rest[slash..];
                authority = authority[(authority.LastIndexOf('@') + 1)..];
                if (!ValidAuthority(authority)) return null;
            }
            return ValidEscapes(rest) ? new CelUrl(text, scheme, authority, rest, query) : null;
        }

        public override bool Equals(object? obj) => obj is CelUrl other && string.Equals(_text, other._text, StringComparison.Ordinal);

        public override int GetHashCode() => _text.GetHashCode(StringComparison.Ordinal);

        public override string ToString() => _text;

        private static bool ValidAuthority(string authority)
        {
            if (authority.Any(c => c is ' ' or '"' or '<' or '>' or '\\' or '^' or '`' or '{' or '|' or '}')) return false;
            var close = authority.IndexOf(']');
            if (authority.StartsWith('[') && close < 0) return false;
            var colon = authority.IndexOf(':', Math.Max(close, 0));
            return colon < 0 || authority[(colon + 1)..].All(char.IsAsciiDigit);
        }

        private static bool ValidEscapes(string path)
        {
            for (var i = path.IndexOf('%'); i >= 0; i = path.IndexOf('%', i + 1))
            {
                if (i + 2 >= path.Length || !char.IsAsciiHexDigit(path[i + 1]) || !char.IsAsciiHexDigit(path[i + 2])) return false;
            }
            return true;
        }
    }
}

namespace Cybernetes.Expressions.Libraries
{
    /// <summary>url, isURL and the getters.</summary>
    internal static class UrlLibrary
    {
        public static void AddTo(FunctionTable table)
        {
            var (url, text) = (CelUrl.CelTypeOf, CelType.String);
            table.Global("url", [text], url, a => Parse(a[0]), Costs.First);
            table.Global("isURL", [text], CelType.Bool, a => CelBool.Of(!Parse(a[0]).IsError), Costs.First);
            table.Member("getScheme", [url], text, a => new CelString(Of(a[0]).Scheme));
            table.Member("getHost", [url], text, a => new CelString(Of(a[0]).Authority));
            table.Member("getHostname", [url], text, a => new CelString(Of(a[0]).Hostname));
            table.Member("getPort", [url], text, a => new CelString(Of(a[0]).Port));
            table.Member("getEscapedPath", [url], text, a => new CelString(Of(a[0]).Path));
            table.Member("getQuery", [url], CelType.Map(text, CelType.List(text)), a => Query(Of(a[0]).Query));
        }

        private static CelUrl Of(CelValue value) => (CelUrl)value;

        private static CelValue Parse(CelValue value)
        {
            var text = ((CelString)value).Value;
            return CelUrl.Parse(text) as CelValue
                ?? new CelError($"URL parse error during conversion from string: parse {GoText.Quote(text)}: invalid URI for request");
        }

        private static CelMap Query(string query)
        {
            var values = new Dictionary<CelValue, List<CelValue>>();
            foreach (var part in query.Split('&', StringSplitOptions.RemoveEmptyEntries).Where(p => !p.Contains(';')))
            {
                var equals = part.IndexOf('=');
                var key = new CelString(Decode(equals < 0 ? part : part[..equals]));
                if (!values.TryGetValue(key, out var list)) values[key] = list = [];
                list.Add(new CelString(equals < 0 ? "" : Decode(part[(equals + 1)..])));
            }
            return CelMap.Of(values.ToDictionary(v => v.Key, v => (CelValue)CelList.Of(v.Value)));
        }

        private static string Decode(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));
    }
}
