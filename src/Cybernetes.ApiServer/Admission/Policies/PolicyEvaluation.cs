using System.Diagnostics.CodeAnalysis;
using Cybernetes.Expressions;

namespace Cybernetes.ApiServer.Admission.Policies;

/// <summary>The evaluations of one policy for one request and one parameter object: they share a budget, and the policy's variables.</summary>
internal sealed class PolicyEvaluation(CompiledPolicy policy, PolicyRequest request, CelValue parameters, long budget) : ICelActivation
{
    /// <summary>What all of a policy's expressions may cost together (celconfig.RuntimeCELCostBudget).</summary>
    public const long Budget = 10_000_000;

    /// <summary>The same for its match conditions (celconfig.RuntimeCELCostBudgetMatchConditions).</summary>
    public const long ConditionsBudget = 2_500_000;

    private const string OutOfBudget = "validation failed due to running out of cost budget, no further validation rules will be run";

    private long _left = budget;
    private CelBudget _running = new(0);
    private VariableMap? _variables;

    /// <summary>The result; an error in upstream's words.</summary>
    public CelValue Run(CelCompilation compilation, string text)
    {
        if (compilation.Program is not { } program)
            return new CelError($"compilation error: {compilation.Error}");
        if (_left <= 0)
            return new CelError(OutOfBudget);
        _running = new(Math.Min(CelBudget.PerCall, _left));
        var result = program.Evaluate(this, _running);
        var spent = _running.Cost;
        _left = spent >= _left ? 0 : _left - spent;
        if (result is not CelError error)
            return result;
        return new CelError(_left == 0 ? OutOfBudget : $"expression '{text}' resulted in error: {error.Message}");
    }

    public CelValue? Find(string variable) => variable switch
    {
        "params" => parameters,
        "variables" => _variables ??= new(this),
        _ => request.Find(variable),
    };

    /// <summary>The policy's variables, each evaluated when first named.</summary>
    private sealed class VariableMap(PolicyEvaluation owner) : CelMap
    {
        private readonly Dictionary<string, CelValue> _values = new(StringComparer.Ordinal);

        public override int Count => owner.Policy.Variables.Count;

        public override IEnumerable<CelValue> Keys => owner.Policy.Variables.Keys.Select(k => new CelString(k));

        public override bool Contains(CelValue key) => key is CelString name && owner.Policy.Variables.ContainsKey(name.Value);

        public override bool TryGet(CelValue key, [NotNullWhen(true)] out CelValue? value)
        {
            value = null;
            if (key is not CelString { Value: var name } || !owner.Policy.Variables.TryGetValue(name, out var compilation))
                return false;
            if (_values.TryGetValue(name, out value))
                return true;
            value = compilation.Program?.Evaluate(owner, owner._running) ?? new CelError($"compilation error: {compilation.Error}");
            if (value is CelError error)
                value = new CelError($"composited variable \"{name}\" fails to evaluate: {error.Message}");
            _values[name] = value;
            return true;
        }
    }

    private CompiledPolicy Policy => policy;
}
