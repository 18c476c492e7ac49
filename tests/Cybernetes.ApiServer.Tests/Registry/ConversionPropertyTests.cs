using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cybernetes.ApiServer.Registry;
using Cybernetes.ApiServer.Registry.AdmissionRegistration;
using Cybernetes.ApiServer.Registry.Autoscaling;
using Cybernetes.ApiServer.Registry.Policy;
using Cybernetes.ApiServer.Registry.ResourceAllocation;
using Cybernetes.Objects;
using Cybernetes.Objects.Schema;

namespace Cybernetes.ApiServer.Tests.Registry;

/// <summary>Objects made from the facts go from an older version to the stored one and back: nothing is lost, nothing invented.</summary>
public sealed class ConversionPropertyTests
{
    private const int Rounds = 40;

    private static readonly KindDefinition[] s_kinds =
    [
        new HorizontalPodAutoscalerKind(FeatureGates.Default), new PodDisruptionBudgetKind(), new PodSecurityPolicyKind(), new DeviceClassKind(),
        new ResourceClaimKind(), new ResourceClaimTemplateKind(), new ResourceSliceKind(), new DeviceTaintRuleKind(),
        new ValidatingWebhookConfigurationKind(), new MutatingWebhookConfigurationKind(), new ValidatingAdmissionPolicyKind(),
        new ValidatingAdmissionPolicyBindingKind(), new MutatingAdmissionPolicyKind(), new MutatingAdmissionPolicyBindingKind(),
    ];

    // v1 autoscalers get annotations for what they have no fields for, as upstream's do: they are held against v2 by their own tests.
    public static TheoryData<string, string> Versions => new(s_kinds.SelectMany(k => k.Served.Where(v => !v.IsStorage && v.APIVersion != "autoscaling/v1")
        .Select(v => (k.Kind, v.APIVersion))));

    [Theory]
    [MemberData(nameof(Versions))]
    public void OlderVersion_ThereAndBack_IsTheSame(string kind, string apiVersion)
    {
        var version = s_kinds.Single(k => k.Kind == kind).Served.Single(v => v.APIVersion == apiVersion);
        for (var seed = 0; seed < Rounds; seed++)
        {
            var given = new Filler(seed).Struct(version.Facts!, 0);
            given["apiVersion"] = apiVersion;
            given["kind"] = kind;
            // Defaults of a version are not what conversion is about: only what is there must come back.
            var back = Back(version, given.ToJsonString());
            if (!KindBench.SameJson(given.ToJsonString(), back))
                Assert.Fail($"seed {seed}\n{given.ToJsonString()}\n{back}");
        }
    }

    private static string Back(ServedVersion version, string json)
    {
        var bytes = Encoding.UTF8.GetBytes(json);
        var reader = new Utf8JsonReader(bytes);
        reader.Read();
        var stored = version.Decode(ref reader, new DecodeContext(collectStrict: false) { Source = bytes });
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, JsonLimits.WriterOptions))
            version.Encode(stored, writer);
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    /// <summary>Fills in fields by their types: all of them with the first seed, most with the others.</summary>
    private sealed class Filler(int seed)
    {
        private readonly Random _random = new(seed);
        private int _count;

        public JsonObject Struct(TypeFacts type, int depth)
        {
            var filled = new JsonObject();
            foreach (var field in SchemaFacts.FieldsOf(type))
            {
                if (IsWritten(field, depth))
                    filled[field.JsonName] = Value(field.Type, depth);
            }
            return filled;
        }

        // Go writes what is not omitempty, and structs, in any case; an absent "basic" comes back empty, as upstream's does. The fields of
        // webhooks' older versions that have defaults are always there.
        private bool IsWritten(FieldFacts field, int depth) => !field.OmitEmpty || field.JsonName is "basic"
            || field.Type is { Shape: TypeShape.Struct, Pointer: false } || seed == 0 || _random.Next(10) < 7
            || field.JsonName is "failurePolicy" or "matchPolicy" or "sideEffects" or "timeoutSeconds" or "admissionReviewVersions"
                or "parameterNotFoundAction";

        private JsonNode? Value(TypeReference type, int depth) => type.Shape switch
        {
            TypeShape.String => $"x{++_count}",
            TypeShape.Boolean => true,
            TypeShape.Int32 or TypeShape.Int64 => ++_count,
            TypeShape.Double => 1.5,
            TypeShape.Bytes => "AQI=",
            TypeShape.Time => "2026-01-02T03:04:05Z",
            TypeShape.MicroTime => "2026-01-02T03:04:05.000006Z",
            TypeShape.Duration => "1m0s",
            TypeShape.Quantity => $"{++_count}",
            TypeShape.IntOrString => ++_count,
            TypeShape.Raw => new JsonObject { ["a"] = 1 },
            TypeShape.List => new JsonArray(Value(type.Element!, depth), Value(type.Element!, depth)),
            TypeShape.Map => new JsonObject { ["k"] = Value(type.Element!, depth) },
            _ => Struct(SchemaFacts.Type(type.StructName!), depth + 1),
        };
    }
}
