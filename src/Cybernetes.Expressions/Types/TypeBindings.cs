namespace Cybernetes.Expressions.Types;

/// <summary>
/// What type variables stand for, found while an expression is checked. A trial (does this overload fit?) that fails is taken back.
/// The rules are those of the language's reference checker: dyn fits everything, of two types that fit the more general one stays.
/// </summary>
internal sealed class TypeBindings
{
    private readonly Dictionary<string, CelType> _bound = new(StringComparer.Ordinal);
    private readonly Stack<(string Name, CelType? Before)> _changes = new();

    /// <summary>As <see cref="AllAssignable"/>; leaves nothing bound where one does not fit.</summary>
    public bool TryAssign(IReadOnlyList<CelType> from, IReadOnlyList<CelType> to)
    {
        _changes.Clear();
        if (AllAssignable(from, to)) return true;
        while (_changes.TryPop(out var change))
        {
            if (change.Before is null) _bound.Remove(change.Name);
            else _bound[change.Name] = change.Before;
        }
        return false;
    }

    /// <summary>Whether a value of type <paramref name="from"/> fits where <paramref name="to"/> is wanted; binds variables on the way.</summary>
    private bool Assignable(CelType from, CelType to)
    {
        if (to.Kind == CelKind.Parameter)
        {
            var (valid, bound) = Substitutes(from, to);
            if (valid) return true;
            if (bound) return false;
        }
        if (from.Kind == CelKind.Parameter) return Substitutes(to, from).Valid;
        if (from.IsDyn || to.IsDyn || from.Kind == CelKind.Error || to.Kind == CelKind.Error) return true;
        if (from.Kind == CelKind.Null)
            return to.Kind is CelKind.Null or CelKind.Opaque or CelKind.Object or CelKind.Timestamp or CelKind.Duration;
        if (!from.SameFamily(to)) return false;
        return from.Kind == CelKind.Type || AllAssignable(from.Parameters, to.Parameters);
    }

    private bool AllAssignable(IReadOnlyList<CelType> from, IReadOnlyList<CelType> to)
    {
        if (from.Count != to.Count) return false;
        for (var i = 0; i < from.Count; i++)
        {
            if (!Assignable(from[i], to[i])) return false;
        }
        return true;
    }

    /// <summary>The type with every bound variable replaced; unbound ones become dyn when <paramref name="freeToDyn"/>.</summary>
    public CelType Substitute(CelType type, bool freeToDyn)
    {
        if (type.Kind == CelKind.Parameter)
        {
            if (_bound.TryGetValue(type.Name, out var bound)) return Substitute(bound, freeToDyn);
            return freeToDyn ? CelType.Dyn : type;
        }
        return type.Parameters.Count == 0 ? type : Rebuild(type, p => Substitute(p, freeToDyn));
    }

    /// <summary>The less specific of two types that fit each other.</summary>
    public static CelType MostGeneral(CelType one, CelType other) => LessSpecific(one, other) ? one : other;

    /// <summary>The type with its parameters mapped.</summary>
    public static CelType Rebuild(CelType type, Func<CelType, CelType> map) => type.Kind switch
    {
        CelKind.List => CelType.List(map(type.Parameters[0])),
        CelKind.Map => CelType.Map(map(type.Parameters[0]), map(type.Parameters[1])),
        CelKind.Type => type.Parameters.Count == 0 ? type : CelType.Type(map(type.Parameters[0])),
        CelKind.Opaque => CelType.Opaque(type.Name, [.. type.Parameters.Select(map)]),
        _ => type,
    };

    private (bool Valid, bool Bound) Substitutes(CelType type, CelType variable)
    {
        if (_bound.TryGetValue(variable.Name, out var bound))
        {
            if (type.Equals(bound)) return (true, true);
            if (!Assignable(type, bound)) return (false, true);
            if (!type.Equals(variable)) Bind(variable.Name, MostGeneral(type, bound));
            return (true, true);
        }
        if (Mentions(type, variable)) return (type.Equals(variable), false);
        Bind(variable.Name, type);
        return (true, false);
    }

    private void Bind(string name, CelType type)
    {
        _changes.Push((name, _bound.GetValueOrDefault(name)));
        _bound[name] = type;
    }

    private bool Mentions(CelType type, CelType variable)
    {
        if (type.Equals(variable)) return true;
        if (type.Kind == CelKind.Parameter) return _bound.TryGetValue(type.Name, out var bound) && Mentions(bound, variable);
        return type.Parameters.Any(p => Mentions(p, variable));
    }

    private static bool LessSpecific(CelType one, CelType other)
    {
        if (one.IsDyn || one.Kind == CelKind.Parameter) return true;
        if (other.IsDyn || other.Kind == CelKind.Parameter || !one.SameFamily(other)) return false;
        if (one.Kind == CelKind.Type) return true;
        return one.Parameters.Count == other.Parameters.Count && !one.Parameters.Where((p, i) => !LessSpecific(p, other.Parameters[i])).Any();
    }
}
