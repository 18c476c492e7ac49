using Cybernetes.Expressions.Libraries;
using Cybernetes.Expressions.Parsing;
using Cybernetes.Expressions.Types;

namespace Cybernetes.Expressions.Checking;

// Calls: which function is meant, and which of its overloads fit.
internal sealed partial class Checker
{
    private CelType Call(CallExpr call)
    {
        var arguments = new List<CelType>();
        if (call.Target is null)
        {
            foreach (var argument in call.Arguments) arguments.Add(TypeOf(argument));
            return Find(call.Function) is { } global
                ? Resolve(call, global, arguments, member: false)
                : Undeclared(call.Offset, call.Function.TrimStart('.'));
        }
        if (QualifiedName(call.Target) is { } before && !IsLocal(before) && Find(before + "." + call.Function) is { } qualified)
        {
            call.Qualified = true;
            foreach (var argument in call.Arguments) arguments.Add(TypeOf(argument));
            return Resolve(call, qualified, arguments, member: false);
        }
        arguments.Add(TypeOf(call.Target));
        foreach (var argument in call.Arguments) arguments.Add(TypeOf(argument));
        return Find(call.Function) is { } function
            ? Resolve(call, function, arguments, member: true)
            : Undeclared(call.Offset, call.Function);
    }

    private IReadOnlyList<CelOverload>? Find(string name) => environment.Functions.Find(name.TrimStart('.'));

    private CelType Resolve(CallExpr call, IReadOnlyList<CelOverload> overloads, List<CelType> arguments, bool member)
    {
        var candidates = new List<CelOverload>();
        CelType? result = null;
        foreach (var overload in overloads)
        {
            if (overload.Member != member || overload.Arguments.Length != arguments.Count) continue;
            var (wanted, given) = overload.Generic ? Instantiate(overload) : (overload.Arguments, overload.Result);
            if (!_bindings.TryAssign(arguments, wanted)) continue;
            candidates.Add(overload);
            var type = _bindings.Substitute(given, freeToDyn: false);
            result = result is null || result.Equals(type) ? type : CelType.Dyn;
        }
        call.Candidates = candidates;
        if (result is not null) return result;
        var shown = arguments.Select(Shown).ToList();
        var signature = member ? $"{shown[0]}.({string.Join(", ", shown.Skip(1))})" : $"({string.Join(", ", shown)})";
        return Issue(call.Offset, $"found no matching overload for '{overloads[0].Function}' applied to '{signature}'");
    }

    /// <summary>The signature with type variables of its own.</summary>
    private (CelType[] Arguments, CelType Result) Instantiate(CelOverload overload)
    {
        var fresh = new Dictionary<string, CelType>(StringComparer.Ordinal);
        return ([.. overload.Arguments.Select(Renamed)], Renamed(overload.Result));

        CelType Renamed(CelType type)
        {
            if (type.Kind != CelKind.Parameter) return type.Parameters.Count == 0 ? type : TypeBindings.Rebuild(type, Renamed);
            if (!fresh.TryGetValue(type.Name, out var mine)) fresh[type.Name] = mine = Fresh();
            return mine;
        }
    }
}
