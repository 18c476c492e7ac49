using System.Text;
using Cybernetes.Load.Connections;
using Cybernetes.Load.Requests;

namespace Cybernetes.Load.Driving;

/// <summary>One kind of request of one client.</summary>
internal abstract class Operation(string name)
{
    public string Name { get; } = name;

    /// <summary>The next request, filled in.</summary>
    public abstract RequestTemplate Next(long number, long clock);

    public virtual void Body(ReadOnlySpan<byte> part)
    {
    }

    public virtual void Done()
    {
    }

    /// <summary>Whether an answer with this status is what was wanted, beside 2xx.</summary>
    public virtual bool Tolerates(int status) => false;
}

/// <summary>A request that differs from the last one in its digits only.</summary>
internal sealed class SimpleOperation(string name, RequestTemplate template, Func<long, long> indexOf, int namespaces, int tolerated = 0)
    : Operation(name)
{
    public override RequestTemplate Next(long number, long clock)
    {
        var index = indexOf(number);
        template.Fill(index, (int)(index % namespaces), clock, number);
        return template;
    }

    public override bool Tolerates(int status) => status == tolerated;
}

/// <summary>Lists all; what its first answer held is counted, the others are only taken in.</summary>
internal sealed class ListOperation(RequestTemplate template, StampScanner counter, Action<long> told) : Operation("list")
{
    private bool _counted;

    public override RequestTemplate Next(long number, long clock) => template;

    public override void Body(ReadOnlySpan<byte> part)
    {
        if (!_counted)
            counter.Feed(part);
    }

    public override void Done()
    {
        if (_counted)
            return;
        _counted = true;
        told(counter.Found);
    }
}

/// <summary>Lists page by page, each by the token of the one before; then again from the start. A page is one request.</summary>
internal sealed class PagesOperation(Endpoint endpoint, LoadSettings settings) : Operation("page")
{
    private const int EndBytes = 4096;
    private static readonly byte[] s_mark = Encoding.ASCII.GetBytes("\"continue\":\"");

    // A server may write the list's metadata in front of the items (upstream does) or behind them.
    private readonly byte[] _first = new byte[EndBytes];
    private readonly byte[] _last = new byte[EndBytes];
    private readonly RequestTemplate _start = Exchange.Render(endpoint, settings.Draft("GET", $"{settings.ListPath}?limit={settings.Limit}"));
    private int _firstLength;
    private int _lastLength;
    private string _token = "";

    public override RequestTemplate Next(long number, long clock)
    {
        (_firstLength, _lastLength) = (0, 0);
        var path = $"{settings.ListPath}?limit={settings.Limit}&continue={_token}";
        return _token.Length == 0 ? _start : Exchange.Render(endpoint, settings.Draft("GET", path));
    }

    public override void Body(ReadOnlySpan<byte> part)
    {
        var begin = Math.Min(part.Length, EndBytes - _firstLength);
        part[..begin].CopyTo(_first.AsSpan(_firstLength));
        _firstLength += begin;
        part = part[Math.Max(0, part.Length - EndBytes)..];
        var kept = Math.Min(_lastLength, EndBytes - part.Length);
        _last.AsSpan(_lastLength - kept, kept).CopyTo(_last);
        part.CopyTo(_last.AsSpan(kept));
        _lastLength = kept + part.Length;
    }

    public override void Done()
    {
        _token = TokenIn(_first.AsSpan(0, _firstLength));
        if (_token.Length == 0)
            _token = TokenIn(_last.AsSpan(0, _lastLength));
    }

    private static string TokenIn(ReadOnlySpan<byte> json)
    {
        var at = json.IndexOf(s_mark);
        if (at < 0)
            return "";
        var text = json[(at + s_mark.Length)..];
        var end = text.IndexOf((byte)'"');
        return end < 0 ? "" : Uri.EscapeDataString(Encoding.ASCII.GetString(text[..end]));
    }
}

/// <summary>What a client asks, by weight.</summary>
internal sealed class OperationMix
{
    private readonly Operation[] _wheel;
    private readonly Random? _chance;

    public OperationMix(Operation only) => _wheel = [only];

    public OperationMix(IEnumerable<(int Weight, Operation Operation)> weighted, Random chance)
    {
        _wheel = [.. weighted.SelectMany(w => Enumerable.Repeat(w.Operation, w.Weight))];
        _chance = chance;
    }

    public Operation First => _wheel[0];

    public Operation Next(long number) => _chance is null ? _wheel[0] : _wheel[_chance.Next(_wheel.Length)];
}
