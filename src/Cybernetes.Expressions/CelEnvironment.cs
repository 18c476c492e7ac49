using Cybernetes.Expressions.Libraries;
using Cybernetes.Expressions.Parsing;

namespace Cybernetes.Expressions;

/// <summary>
/// What an expression may name: variables with their types, objects it may make, and the functions of the language and of Kubernetes 1.36.
/// Immutable; made once for a kind of expression and used by any thread.
/// </summary>
public sealed class CelEnvironment
{
    /// <param name="variables">Variables by name (dots allowed) with their types.</param>
    public CelEnvironment(IReadOnlyDictionary<string, CelType> variables) => Variables = variables;

    /// <summary>Without a variable.</summary>
    public static CelEnvironment Empty { get; } = new(new Dictionary<string, CelType>());

    public IReadOnlyDictionary<string, CelType> Variables { get; }

    /// <summary>Finds the type that may be made with <c>Name{field: value}</c>; one without declared fields takes any. Default: there is none.</summary>
    public Func<string, CelType?> ObjectTypes { get; init; } = _ => null;

    /// <summary>Whether <c>cel.bind(name, value, expression)</c> is there. Default: no.</summary>
    public bool Bindings { get; init; }

    internal FunctionTable Functions { get; init; } = FunctionTable.Kubernetes;

    internal Macros Macros => Bindings ? Macros.WithBindings : Macros.Base;

    /// <summary>The environment with one more variable, or another type for one.</summary>
    public CelEnvironment With(string variable, CelType type) =>
        new(new Dictionary<string, CelType>(Variables, StringComparer.Ordinal) { [variable] = type })
        {
            ObjectTypes = ObjectTypes, Bindings = Bindings, Functions = Functions,
        };
}
