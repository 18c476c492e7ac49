using System.Diagnostics;
using Cybernetes.Load.Connections;
using Cybernetes.Load.Measuring;

namespace Cybernetes.Load.Driving;

/// <summary>One client: a connection on which the next request leaves when the last one is answered.</summary>
internal sealed class Worker : IAnswerSink
{
    private const int ErrorBytes = 300;

    private readonly Driver _driver;
    private readonly Flow _flow;
    private readonly Recorder _recorder;
    private readonly OperationMix _mix;
    private readonly Action<long, long>? _acknowledged;
    private readonly byte[] _error = new byte[ErrorBytes];
    private Exchange _exchange;
    private Operation _operation;
    private OperationCounts _counts;
    private long _sentAt;
    private long _number;
    private long _waitsUntil;
    private long _bytes;
    private int _status;
    private int _errorLength;

    /// <param name="driver">The loop it lives in.</param>
    /// <param name="flow">Where it gets its numbers.</param>
    /// <param name="recorder">Where figures go.</param>
    /// <param name="mix">What it asks.</param>
    /// <param name="acknowledged">Told the number and the moment of each good answer, which then is not what is counted; or null.</param>
    public Worker(Driver driver, Flow flow, Recorder recorder, OperationMix mix, Action<long, long>? acknowledged = null)
    {
        (_driver, _flow, _recorder, _mix, _acknowledged) = (driver, flow, recorder, mix, acknowledged);
        _exchange = driver.Open(this);
        _operation = mix.First;
        _counts = recorder.For(_operation.Name);
    }

    /// <summary>Nothing is under way and nothing will be.</summary>
    public bool IsIdle { get; private set; }

    /// <summary>Waits for the moment of its next request.</summary>
    public bool IsWaiting => _waitsUntil != 0;

    public void Start()
    {
        if (!_flow.TryTake(out _number))
        {
            IsIdle = true;
            return;
        }
        if (_flow.IsPaced && _flow.DueAt(_number) is var due && due > Stopwatch.GetTimestamp())
            _waitsUntil = due;
        else
            Send(Stopwatch.GetTimestamp());
    }

    /// <summary>Sends if the moment has come.</summary>
    public void Wake(long now)
    {
        if (_waitsUntil == 0 || now < _waitsUntil)
            return;
        _waitsUntil = 0;
        Send(now);
    }

    public void Head(int status)
    {
        _status = status;
        _errorLength = 0;
        _bytes = 0;
    }

    public void Body(ReadOnlySpan<byte> part)
    {
        _bytes += part.Length;
        if (_status is >= 200 and < 300)
        {
            _operation.Body(part);
            return;
        }
        var kept = Math.Min(part.Length, ErrorBytes - _errorLength);
        part[..kept].CopyTo(_error.AsSpan(_errorLength));
        _errorLength += kept;
    }

    public void End()
    {
        var now = Stopwatch.GetTimestamp();
        if (_status is >= 200 and < 300 || _operation.Tolerates(_status))
        {
            _recorder.Add(_counts, _sentAt, now);
            _operation.Done();
            if (_acknowledged is null)
            {
                _recorder.Count(1, now);
                _recorder.AddBytes(_bytes);
            }
            else
                _acknowledged(_number, now);
        }
        else
            _recorder.AddError(_counts, $"HTTP {_status}", _error.AsSpan(0, _errorLength));
        Start();
    }

    public void Lost(string why)
    {
        _recorder.AddError(_counts, why, default);
        _exchange = _driver.Open(this);
        Start();
    }

    private void Send(long now)
    {
        var operation = _mix.Next(_number);
        if (operation != _operation)
        {
            _operation = operation;
            _counts = _recorder.For(operation.Name);
        }
        _sentAt = _flow.IsPaced ? _flow.DueAt(_number) : now;
        _exchange.Send(operation.Next(_number, now));
    }
}
