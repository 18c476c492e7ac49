using System.Collections.Concurrent;
using Cybernetes.Objects.Schema;

namespace Cybernetes.Wire;

/// <summary>What strategic merge needs to know of one field.</summary>
/// <param name="Child">The schema of the field's value, or of its elements for a list.</param>
/// <param name="Strategy">merge, replace or "" (which replaces lists and merges maps); without retainKeys.</param>
/// <param name="RetainKeys">Whether diffs carry a $retainKeys list for the field.</param>
/// <param name="MergeKey">The key that tells a merged list's elements apart; "" for lists of scalars.</param>
public readonly record struct PatchField(PatchSchema Child, string Strategy, bool RetainKeys, string MergeKey);

/// <summary>Leads strategic merge patches through a type. Immutable and shared.</summary>
public abstract class PatchSchema
{
    private static readonly ConcurrentDictionary<string, PatchSchema> s_ofTypes = new(StringComparer.Ordinal);

    /// <summary>The name of the Go kind, as errors tell it.</summary>
    public abstract string GoKind { get; }

    /// <summary>The field of that JSON name.</summary>
    /// <exception cref="PatchException">There is no such field, or no fields at all.</exception>
    public abstract PatchField Lookup(string field, bool isList);

    /// <summary>The schema of a struct of the API.</summary>
    public static PatchSchema Of(TypeFacts type) =>
        s_ofTypes.GetOrAdd(type.FullName, static (_, facts) => new StructPatchSchema(facts), type);

    /// <summary>The schema of a kind, or null where the facts know none.</summary>
    public static PatchSchema? OfKind(string group, string version, string kind) =>
        SchemaFacts.FindType(group, version, kind) is { } type ? Of(type) : null;

    private static PatchSchema Of(TypeReference reference) => reference.Shape switch
    {
        TypeShape.Struct => Of(SchemaFacts.Type(reference.StructName!)),
        TypeShape.List => new LeafPatchSchema("slice", ""),
        TypeShape.Map => new LeafPatchSchema("map", ""),
        TypeShape.Raw or TypeShape.Time or TypeShape.MicroTime or TypeShape.Duration or TypeShape.Quantity or TypeShape.IntOrString =>
            new LeafPatchSchema("struct", reference.GoType[(reference.GoType.LastIndexOf('.') + 1)..]),
        _ => new LeafPatchSchema(reference.GoType, ""),
    };

    private sealed class StructPatchSchema(TypeFacts type) : PatchSchema
    {
        private readonly ConcurrentDictionary<(string Field, bool IsList), PatchField> _fields = new();

        public override string GoKind => "struct";

        public override PatchField Lookup(string field, bool isList)
        {
            if (_fields.TryGetValue((field, isList), out PatchField known)) return known;
            FieldFacts facts = SchemaFacts.FieldOf(type, field) ?? throw NoField(type.Name, field);
            PatchField found = Read(facts, isList);
            _fields.TryAdd((field, isList), found);
            return found;
        }

        private PatchField Read(FieldFacts facts, bool isList)
        {
            TypeReference reference = facts.Type;
            if (isList)
            {
                if (reference.Shape != TypeShape.List)
                    throw new PatchException(PatchFailure.Internal, "expected slice or array type, but got: struct");
                reference = reference.Element!;
                if (reference.Shape == TypeShape.List)
                    throw new PatchException(PatchFailure.Internal, "unexpected slice of slice");
            }
            string[] strategies = facts.PatchStrategy?.Split(',') ?? [];
            string strategy = Array.Find(strategies, name => name != "retainKeys") ?? "";
            return new PatchField(Of(reference), strategy, strategies.Contains("retainKeys"), facts.PatchMergeKey ?? "");
        }
    }

    /// <summary>What has no fields that a patch could walk into.</summary>
    private sealed class LeafPatchSchema(string goKind, string structName) : PatchSchema
    {
        public override string GoKind => goKind;

        public override PatchField Lookup(string field, bool isList) => throw (goKind == "struct"
            ? NoField(structName, field)
            : new PatchException(PatchFailure.Internal,
                $"merging an object in json but data type is not struct, instead is: {goKind}"));
    }

    private static PatchException NoField(string type, string field) =>
        new(PatchFailure.Internal, $"unable to find api field in struct {type} for the json field \"{field}\"");
}
