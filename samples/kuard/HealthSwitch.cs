namespace Cybernetes.Samples.Kuard;

/// <summary>The answer to a probe, which can be told to fail: for the next N requests, or until it is switched back.</summary>
internal sealed class HealthSwitch(string name)
{
    private readonly Lock _gate = new();
    private int _failNext;

    public string Name => name;

    /// <summary>How many of the next requests fail; -1 is all of them until further notice.</summary>
    public int FailNext
    {
        get { lock (_gate) return _failNext; }
        set { lock (_gate) _failNext = value < 0 ? -1 : value; }
    }

    /// <summary>The answer to one probe; counts it.</summary>
    public bool Probe()
    {
        lock (_gate)
        {
            if (_failNext == 0)
                return true;
            if (_failNext > 0)
                _failNext--;
            return false;
        }
    }
}
