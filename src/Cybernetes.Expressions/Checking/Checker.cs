using Cybernetes.Expressions.Libraries;
using Cybernetes.Expressions.Parsing;
using Cybernetes.Expressions.Types;

namespace Cybernetes.Expressions.Checking;

/// <summary>
/// Gives every node its type, names their meaning, and calls their overloads; mistakes become issues in the words of the reference checker.
/// </summary>
internal sealed partial class Checker(CelEnvironment environment, List<CelIssue> issues)
{
    private readonly List<(string Name, CelType Type, int Slot)> _scope = [];
    private readonly TypeBindings _bindings = new();
    private int _freeVariables;

    /// <summary>How many slots the comprehensions' variables need at once.</summary>
    public int Slots { get; private set; }

    /// <summary>The type of the whole expression, variables of types resolved.</summary>
    public CelType Check(Expr tree) => _bindings.Substitute(TypeOf(tree), freeToDyn: true);

    private CelType TypeOf(Expr node)
    {
        // A tree that a macro uses twice is checked once: it stands in the same scope both times.
        return node.Type ??= node switch
        {
            LiteralExpr literal => literal.Value.Type,
            IdentExpr ident => Ident(ident),
            SelectExpr select => Select(select),
            CallExpr call => Call(call),
            ListExpr list => List(list),
            MapExpr map => Map(map),
            ObjectExpr made => Made(made),
            FoldExpr fold => Fold(fold),
            _ => throw new InvalidOperationException("no such node"),
        };
    }

    private CelType Ident(IdentExpr ident)
    {
        var absolute = ident.Name.StartsWith('.');
        var name = absolute ? ident.Name[1..] : ident.Name;
        for (var i = _scope.Count - 1; i >= 0 && !absolute; i--)
        {
            if (!string.Equals(_scope[i].Name, name, StringComparison.Ordinal)) continue;
            ident.Slot = _scope[i].Slot;
            return _scope[i].Type;
        }
        if (environment.Variables.TryGetValue(name, out var declared)) return declared;
        if (TypeNames.Find(name) is not { } type) return Undeclared(ident.Offset, name);
        ident.Constant = new CelTypeValue(type);
        return CelType.Type(type);
    }

    private CelType Select(SelectExpr select)
    {
        if (!select.TestOnly && !select.Optional && QualifiedName(select) is { } name && !IsLocal(name))
        {
            if (environment.Variables.TryGetValue(name, out var declared))
            {
                select.Variable = name;
                return declared;
            }
            if (TypeNames.Find(name) is { } type)
            {
                select.Constant = new CelTypeValue(type);
                return CelType.Type(type);
            }
        }
        var operand = _bindings.Substitute(TypeOf(select.Operand), freeToDyn: false);
        var isOptional = operand is { Kind: CelKind.Opaque, Name: "optional_type" };
        var result = Field(select, isOptional ? operand.Parameters[0] : operand);
        if (select.TestOnly) return CelType.Bool;
        return isOptional || select.Optional ? result is { Kind: CelKind.Opaque, Name: "optional_type" } ? result : CelType.Optional(result) : result;
    }

    private CelType Field(SelectExpr select, CelType target)
    {
        target = _bindings.Substitute(target, freeToDyn: false);
        switch (target.Kind)
        {
            case CelKind.Map:
                return target.Parameters[1];
            case CelKind.Object:
                if (target.Fields is null) return CelType.Dyn;
                if (target.Fields.TryGetValue(select.Field, out var field)) return field;
                return Issue(select.Offset, $"undefined field '{select.Field}'");
            case CelKind.Parameter:
                // The type of an empty list's elements and the like: taken for dyn.
                Assignable(target, CelType.Dyn);
                return CelType.Dyn;
            case CelKind.Dyn or CelKind.Any or CelKind.Error:
                return CelType.Dyn;
            default:
                return Issue(select.Offset, $"type '{target.Describe()}' does not support field selection");
        }
    }

    private CelType List(ListExpr list)
    {
        CelType? element = null;
        for (var i = 0; i < list.Elements.Count; i++)
        {
            var type = TypeOf(list.Elements[i]);
            if (list.Optional[i]) type = Unwrapped(list.Elements[i], type);
            element = Join(list.Elements[i].Offset, element, type);
        }
        return CelType.List(element ?? Fresh());
    }

    private CelType Map(MapExpr map)
    {
        CelType? key = null;
        CelType? value = null;
        foreach (var entry in map.Entries)
        {
            key = Join(entry.Key.Offset, key, TypeOf(entry.Key));
            var type = TypeOf(entry.Value);
            if (entry.Optional) type = Unwrapped(entry.Value, type);
            value = Join(entry.Value.Offset, value, type);
        }
        return CelType.Map(key ?? Fresh(), value ?? Fresh());
    }

    private CelType Made(ObjectExpr made)
    {
        if (environment.ObjectTypes(made.Name) is not { } type)
        {
            foreach (var entry in made.Entries) TypeOf(entry.Value);
            return Undeclared(made.Offset, made.Name);
        }
        foreach (var entry in made.Entries)
        {
            var value = TypeOf(entry.Value);
            if (entry.Optional) value = Unwrapped(entry.Value, value);
            if (type.Fields is not { } fields) continue;
            if (!fields.TryGetValue(entry.Field, out var field)) Issue(entry.Offset, $"undefined field '{entry.Field}'");
            else if (!Assignable(field, value))
                Issue(entry.Offset, $"expected type of field '{entry.Field}' is '{field.Describe()}' but provided type is '{Shown(value)}'");
        }
        return type;
    }

    private CelType Fold(FoldExpr fold)
    {
        var range = _bindings.Substitute(TypeOf(fold.Range), freeToDyn: false);
        var accumulator = TypeOf(fold.Initial);
        var (first, second) = Elements(fold, range);
        var slot = _scope.Count;
        Slots = Math.Max(Slots, slot + 3);
        fold.Slots = (slot, slot + 1, slot + 2);
        _scope.Add((fold.AccumulatorName, accumulator, slot));
        _scope.Add((fold.Variable, first, slot + 1));
        _scope.Add((fold.Second ?? "#unused", second, slot + 2));
        Expect(fold.Condition, CelType.Bool);
        Expect(fold.Step, accumulator);
        _scope.RemoveRange(slot + 1, 2);
        // The result may have comprehensions of its own: they must not take the accumulator's neighbours' slots while it is in use.
        var result = TypeOf(fold.Result);
        _scope.RemoveAt(slot);
        return _bindings.Substitute(result, freeToDyn: false);
    }

    private (CelType First, CelType Second) Elements(FoldExpr fold, CelType range)
    {
        switch (range.Kind)
        {
            case CelKind.List:
                return fold.Second is null ? (range.Parameters[0], CelType.Dyn) : (CelType.Int, range.Parameters[0]);
            case CelKind.Map:
                return (range.Parameters[0], range.Parameters[1]);
            case CelKind.Parameter:
                Assignable(range, CelType.Dyn);
                return (CelType.Dyn, CelType.Dyn);
            case CelKind.Dyn or CelKind.Any or CelKind.Error:
                return (CelType.Dyn, CelType.Dyn);
            default:
                Issue(fold.Range.Offset, $"expression of type '{range.Describe()}' cannot be range of a comprehension (must be list, map, or dynamic)");
                return (CelType.Error, CelType.Error);
        }
    }

    private void Expect(Expr node, CelType wanted)
    {
        var found = TypeOf(node);
        if (!Assignable(wanted, found)) Issue(node.Offset, $"expected type '{Shown(wanted)}' but found '{Shown(found)}'");
    }

    /// <summary>What an optional element holds; an element that is no optional is an issue.</summary>
    private CelType Unwrapped(Expr node, CelType type)
    {
        var wanted = CelType.Optional(Fresh());
        if (type.IsDyn) return type;
        if (Assignable(wanted, type)) return _bindings.Substitute(wanted, freeToDyn: false).Parameters[0];
        return Issue(node.Offset, $"expected type 'optional_type' but found '{Shown(type)}'");
    }

    private CelType Join(int offset, CelType? one, CelType other)
    {
        if (one is null) return other;
        if (Assignable(one, other)) return TypeBindings.MostGeneral(one, other);
        Issue(offset, $"expected type '{Shown(one)}' but found '{Shown(other)}'");
        return one;
    }

    private bool Assignable(CelType to, CelType from) => _bindings.TryAssign([to], [from]);

    private CelType Fresh() => CelType.Parameter("_var" + _freeVariables++);

    private string Shown(CelType type) => _bindings.Substitute(type, freeToDyn: true).Describe();

    private bool IsLocal(string name)
    {
        var first = name.Split('.')[0];
        return _scope.Exists(s => string.Equals(s.Name, first, StringComparison.Ordinal));
    }

    private CelType Undeclared(int offset, string name) => Issue(offset, $"undeclared reference to '{name}' (in container '')");

    private CelType Issue(int offset, string message)
    {
        issues.Add(new CelIssue(offset, message));
        return CelType.Error;
    }

    /// <summary>a.b.c as one name, where it is nothing but names.</summary>
    private static string? QualifiedName(Expr node) => node switch
    {
        IdentExpr ident => ident.Name.TrimStart('.'),
        SelectExpr { TestOnly: false, Optional: false } select when QualifiedName(select.Operand) is { } before => before + "." + select.Field,
        _ => null,
    };
}
