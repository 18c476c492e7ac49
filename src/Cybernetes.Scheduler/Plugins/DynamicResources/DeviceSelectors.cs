using Cybernetes.Expressions;

namespace Cybernetes.Scheduler.Plugins.DynamicResources;

/// <summary>Expressions in CEL. Those compiled last are kept: a cluster has few that are different. Thread-safe.</summary>
internal sealed class DeviceSelectors : IDeviceSelectors
{
    private const int MostKept = 256;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, IDeviceSelector> _compiled = new(StringComparer.Ordinal);

    public static DeviceSelectors Instance { get; } = new();

    public IDeviceSelector Compile(string expression)
    {
        lock (_lock)
        {
            if (_compiled.TryGetValue(expression, out var known))
                return known;
            if (_compiled.Count >= MostKept)
                _compiled.Clear();
            return _compiled[expression] = new Compiled(DeviceExpression.Compile(expression));
        }
    }

    private sealed class Compiled(DeviceCompilation compilation) : IDeviceSelector
    {
        public string? CompileError => compilation.Expression is null ? compilation.Error ?? "compilation failed" : null;

        public bool Matches(PoolDevice device, out string? error)
        {
            if (compilation.Expression is not { } expression)
            {
                error = CompileError;
                return false;
            }
            var match = expression.Evaluate(device.Cel);
            error = match.Error;
            return match.Matches;
        }
    }
}
