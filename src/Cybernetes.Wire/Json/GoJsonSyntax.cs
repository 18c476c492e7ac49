using System.Text;
using Cybernetes.Objects;

namespace Cybernetes.Wire;

/// <summary>
/// Says what is wrong with a malformed document in the words of Go's encoding/json, which clients see in a 400. Used once a
/// document
/// is known to be bad; it judges the syntax only.
/// </summary>
public static class GoJsonSyntax
{
    /// <summary>Null when the document is well-formed, else Go's message.</summary>
    public static string? Check(ReadOnlySpan<byte> utf8)
    {
        Scanner scanner = new(utf8);
        return scanner.Run();
    }

    private ref struct Scanner(ReadOnlySpan<byte> text)
    {
        private const string UnexpectedEnd = "unexpected end of JSON input";
        private const int MaximumDepth = 10000;

        private readonly ReadOnlySpan<byte> _text = text;
        private int _at;

        public string? Run()
        {
            // True: in an object; false: in an array.
            Stack<bool> open = new();
            while (true)
            {
                if (Value(open, out bool opened) is { } error) return error;
                if (opened) continue;
                if (Close(open, out bool done) is { } closing) return closing;
                if (done) break;
            }
            SkipBlanks();
            return _at == _text.Length ? null : Unexpected("after top-level value");
        }

        /// <summary>Reads a scalar whole, or the opening of a container up to its first value.</summary>
        private string? Value(Stack<bool> open, out bool opened)
        {
            opened = false;
            SkipBlanks();
            if (_at == _text.Length) return UnexpectedEnd;
            switch (_text[_at])
            {
                case (byte)'{':
                    _at++;
                    open.Push(true);
                    if (open.Count > MaximumDepth) return "exceeded max depth";
                    SkipBlanks();
                    if (_at < _text.Length && _text[_at] == '}') return null;
                    opened = true;
                    return Key();
                case (byte)'[':
                    _at++;
                    open.Push(false);
                    if (open.Count > MaximumDepth) return "exceeded max depth";
                    SkipBlanks();
                    if (_at < _text.Length && _text[_at] == ']') return null;
                    opened = true;
                    return null;
                case (byte)'"': return String();
                case (byte)'t': return Word("true");
                case (byte)'f': return Word("false");
                case (byte)'n': return Word("null");
                case (byte)'-' or (>= (byte)'0' and <= (byte)'9'): return Number();
                default: return Unexpected("looking for beginning of value");
            }
        }

        /// <summary>After a value: leaves containers that end, or steps to the next value's beginning.</summary>
        private string? Close(Stack<bool> open, out bool done)
        {
            done = false;
            while (open.Count > 0)
            {
                SkipBlanks();
                if (_at == _text.Length) return UnexpectedEnd;
                bool inObject = open.Peek();
                byte next = _text[_at];
                if (next == (inObject ? '}' : ']'))
                {
                    _at++;
                    open.Pop();
                    continue;
                }
                if (next != ',') return Unexpected(inObject ? "after object key:value pair" : "after array element");
                _at++;
                SkipBlanks();
                return inObject ? Key() : null;
            }
            done = true;
            return null;
        }

        private string? Key()
        {
            SkipBlanks();
            if (_at == _text.Length) return UnexpectedEnd;
            if (_text[_at] != '"') return Unexpected("looking for beginning of object key string");
            if (String() is { } error) return error;
            SkipBlanks();
            if (_at == _text.Length) return UnexpectedEnd;
            if (_text[_at] != ':') return Unexpected("after object key");
            _at++;
            return null;
        }

        private string? String()
        {
            _at++;
            while (_at < _text.Length)
            {
                byte c = _text[_at];
                if (c == '"')
                {
                    _at++;
                    return null;
                }
                if (c < 0x20) return Unexpected("in string literal");
                _at++;
                if (c != '\\') continue;
                if (_at == _text.Length) return UnexpectedEnd;
                if ("\"\\/bfnrtu".IndexOf((char)_text[_at], StringComparison.Ordinal) < 0)
                    return Unexpected("in string escape code");
                bool unicode = _text[_at++] == 'u';
                for (int i = 0; unicode && i < 4; i++, _at++)
                {
                    if (_at == _text.Length) return UnexpectedEnd;
                    if (!char.IsAsciiHexDigit((char)_text[_at])) return Unexpected("in \\u hexadecimal character escape");
                }
            }
            return UnexpectedEnd;
        }

        private string? Word(string word)
        {
            for (int i = 0; i < word.Length; i++, _at++)
            {
                if (_at == _text.Length) return UnexpectedEnd;
                if (_text[_at] != word[i]) return Unexpected($"in literal {word} (expecting {QuoteCharacter((byte)word[i])})");
            }
            return null;
        }

        private string? Number()
        {
            if (_text[_at] == '-') _at++;
            if (_at == _text.Length) return UnexpectedEnd;
            if (_text[_at] == '0') _at++;
            else if (Digits() == 0) return Unexpected("in numeric literal");
            if (_at < _text.Length && _text[_at] == '.')
            {
                _at++;
                if (_at == _text.Length) return UnexpectedEnd;
                if (Digits() == 0) return Unexpected("after decimal point in numeric literal");
            }
            if (_at >= _text.Length || _text[_at] is not ((byte)'e' or (byte)'E')) return null;
            _at++;
            if (_at < _text.Length && _text[_at] is (byte)'+' or (byte)'-') _at++;
            if (_at == _text.Length) return UnexpectedEnd;
            return Digits() == 0 ? Unexpected("in exponent of numeric literal") : null;
        }

        private int Digits()
        {
            int start = _at;
            while (_at < _text.Length && char.IsAsciiDigit((char)_text[_at])) _at++;
            return _at - start;
        }

        private void SkipBlanks()
        {
            while (_at < _text.Length && _text[_at] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n') _at++;
        }

        private readonly string Unexpected(string where) =>
            _at < _text.Length ? $"invalid character {QuoteCharacter(_text[_at])} {where}" : UnexpectedEnd;

        private static string QuoteCharacter(byte c)
        {
            if (c == '\'') return "'\\''";
            if (c == '"') return "'\"'";
            string quoted = GoText.Quote(new Rune(c).ToString());
            return $"'{quoted[1..^1]}'";
        }
    }
}
