namespace Cybernetes.Scheduler.Plugins.DynamicResources;

/// <summary>A compiled expression that picks devices.</summary>
internal interface IDeviceSelector
{
    /// <summary>What is wrong with the expression itself; null where it compiled.</summary>
    string? CompileError { get; }

    /// <summary>Whether the device is meant. Only for an expression that compiled.</summary>
    /// <param name="device">Not changed.</param>
    /// <param name="error">What went wrong for this device, else null.</param>
    bool Matches(PoolDevice device, out string? error);
}

/// <summary>Compiles the expressions of classes and requests.</summary>
internal interface IDeviceSelectors
{
    IDeviceSelector Compile(string expression);
}
