using Cybernetes.ApiServer.Registry;
using Cybernetes.ApiServer.Registry.AdmissionRegistration;

namespace Cybernetes.ApiServer.Tests.Registry.AdmissionRegistration;

public sealed class AdmissionPolicyTests
{
    private const string Match = """ "matchConstraints":{"resourceRules":[{"operations":["CREATE"],"apiGroups":["apps"],"apiVersions":["v1"],"resources":["deployments"]}]} """;
    private static readonly ValidatingAdmissionPolicyKind Validating = new();
    private static readonly ValidatingAdmissionPolicyBindingKind Binding = new();
    private static readonly MutatingAdmissionPolicyKind Mutating = new();
    private static readonly MutatingAdmissionPolicyBindingKind MutatingBinding = new();

    [Theory]
    [InlineData("""{M,"validations":[{"expression":"true"}]}""", "")]
    [InlineData("{}", "spec.matchConstraints: Required value|spec.validations: Required value: validations or auditAnnotations must contain at least one item|spec.auditAnnotations: Required value: validations or auditAnnotations must contain at least one item")]
    [InlineData("""{"matchConstraints":{},"paramKind":{"apiVersion":"a/b/c"},"validations":[{"expression":""}]}""", "spec.paramKind.apiVersion: Invalid value: \"a/b/c\": unexpected GroupVersion string: a/b/c|spec.paramKind.kind: Required value|spec.matchConstraints.resourceRules: Required value|spec.validations[0].expression: Required value: expression is not specified")]
    [InlineData("""{M,"failurePolicy":"Maybe","variables":[{"name":"for","expression":"1"},{"name":" "}],"validations":[{"expression":"1","message":"a\nb","reason":"Odd","messageExpression":" "}]}""", "spec.failurePolicy: Unsupported value: \"Maybe\": supported values: \"Fail\", \"Ignore\"|spec.variables[0].name: Invalid value: \"for\": name is not a valid CEL identifier|spec.variables[1].name: Required value: name is not specified|spec.variables[1].expression: Required value: expression is not specified|spec.validations[0].expression: Invalid value: \"1\": must evaluate to bool but got int|spec.validations[0].messageExpression: Invalid value: \" \": must be non-empty if specified|spec.validations[0].message: Invalid value: \"a\\nb\": message must not contain line breaks|spec.validations[0].reason: Unsupported value: \"Odd\": supported values: \"Forbidden\", \"Invalid\", \"RequestEntityTooLarge\", \"Unauthorized\"")]
    [InlineData("""{M,"auditAnnotations":[{"key":"k","valueExpression":"1"},{"key":"k"}]}""", "spec.auditAnnotations[0].valueExpression: Invalid value: \"1\": must evaluate to one of [string null_type] but got int|spec.auditAnnotations[1].valueExpression: Required value: valueExpression is not specified|spec.auditAnnotations[1].key: Duplicate value: \"k\"")]
    [InlineData("""{M,"paramKind":{"apiVersion":"v1","kind":"ConfigMap"},"matchConditions":[{"name":"a","expression":"params.data.on == 'true'"}],"variables":[{"name":"n","expression":"int(params.data.n)"},{"name":"twice","expression":"variables.n * 2"}],"validations":[{"expression":"object.spec.replicas <= variables.twice && authorizer.requestResource.check('custom').allowed()","messageExpression":"'at most ' + string(variables.twice) + ' for ' + request.userInfo.username"}],"auditAnnotations":[{"key":"k","valueExpression":"request.operation"}]}""", "")]
    [InlineData("""{M,"matchConditions":[{"name":"a","expression":"params.x"}],"validations":[{"expression":"variables.n > 1","messageExpression":"authorizer"}]}""", "spec.matchConditions[0].expression: Invalid value: \"params.x\": compilation failed: ERROR: <input>:1:1: undeclared reference to 'params' (in container '')\n | params.x\n | ^|spec.validations[0].expression: Invalid value: \"variables.n > 1\": compilation failed: ERROR: <input>:1:1: undeclared reference to 'variables' (in container '')\n | variables.n > 1\n | ^|spec.validations[0].messageExpression: Invalid value: \"authorizer\": compilation failed: ERROR: <input>:1:1: undeclared reference to 'authorizer' (in container '')\n | authorizer\n | ^")]
    [InlineData("""{M,"variables":[{"name":"a","expression":"variables.b"},{"name":"b","expression":"1"}],"validations":[{"expression":"variables.b == 'x'"}]}""", "spec.variables[0].expression: Invalid value: \"variables.b\": compilation failed: ERROR: <input>:1:10: undefined field 'b'\n | variables.b\n | .........^|spec.validations[0].expression: Invalid value: \"variables.b == 'x'\": compilation failed: ERROR: <input>:1:13: found no matching overload for '_==_' applied to '(int, string)'\n | variables.b == 'x'\n | ............^")]
    public void Create_OfValidatingPolicy_Explains(string spec, string expected) => Check(Validating, spec, expected);

    [Theory]
    [InlineData("""{"policyName":"p","validationActions":["Deny"]}""", "")]
    [InlineData("{}", "spec.policyName: Required value|spec.validationActions: Required value: at least one validation action is required")]
    [InlineData("""{"policyName":"p","validationActions":["Deny","Warn","Deny","Log"],"paramRef":{}}""", "spec.paramRef: Required value: one of name or selector must be specified|spec.paramRef.parameterNotFoundAction: Required value|spec.validationActions[2]: Duplicate value: \"Deny\"|spec.validationActions[3]: Unsupported value: \"Log\": supported values: \"Audit\", \"Deny\", \"Warn\"|spec.validationActions: Invalid value: [\"Deny\",\"Warn\",\"Deny\",\"Log\"]: must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)")]
    [InlineData("""{"policyName":"p","validationActions":["Audit"],"paramRef":{"name":"a","selector":{},"parameterNotFoundAction":"Skip"}}""", "spec.paramRef.name: Forbidden: name and selector are mutually exclusive|spec.paramRef.selector: Forbidden: name and selector are mutually exclusive|spec.paramRef.parameterNotFoundAction: Unsupported value: \"Skip\": supported values: \"Deny\", \"Allow\"")]
    public void Create_OfBinding_Explains(string spec, string expected) => Check(Binding, spec, expected);

    [Theory]
    [InlineData("""{M,"reinvocationPolicy":"Never","mutations":[{"patchType":"JSONPatch","jsonPatch":{"expression":"[]"}}]}""", "")]
    [InlineData("""{M}""", "spec.mutations: Required value: mutations must contain at least one item|spec.reinvocationPolicy: Required value")]
    [InlineData("""{M,"reinvocationPolicy":"Often","mutations":[{"patchType":"ApplyConfiguration","jsonPatch":{}},{},{"patchType":"Merge"}]}""", "spec.mutations[0].applyConfiguration: Required value: must be specified when patchType is ApplyConfiguration|spec.mutations[0].jsonPatch: Invalid value: \"{jsonPatch}\": must not be specified when patchType is ApplyConfiguration|spec.mutations[1].patchType: Required value|spec.mutations[2].patchType: Unsupported value: \"Merge\": supported values: \"ApplyConfiguration\", \"JSONPatch\"|spec.reinvocationPolicy: Unsupported value: \"Often\": supported values: \"IfNeeded\", \"Never\"")]
    [InlineData("""{M,"reinvocationPolicy":"Never","mutations":[{"patchType":"ApplyConfiguration","applyConfiguration":{"expression":"Object{metadata: Object.metadata{labels: {'a': 'b'}}, spec: Object.spec{replicas: object.spec.replicas + 1}}"}},{"patchType":"JSONPatch","jsonPatch":{"expression":"[JSONPatch{op: 'add', path: '/metadata/labels/' + jsonpatch.escapeKey('a/b'), value: 'x'}]"}}]}""", "")]
    [InlineData("""{M,"reinvocationPolicy":"Never","mutations":[{"patchType":"ApplyConfiguration","applyConfiguration":{"expression":"{'a': 1}"}},{"patchType":"JSONPatch","jsonPatch":{"expression":"['x']"}}]}""", "spec.mutations[0].applyConfiguration.expression: Invalid value: \"{'a': 1}\": must evaluate to Object but got map(string, int)|spec.mutations[1].jsonPatch.expression: Invalid value: \"['x']\": must evaluate to list(JSONPatch) but got list(string)")]
    public void Create_OfMutatingPolicy_Explains(string spec, string expected) => Check(Mutating, spec, expected);

    [Fact]
    public void Rows_OfPolicies_AreUpstreams()
    {
        Assert.Equal("p | 1 | a/v1/K | <unknown>", KindBench.Row(Validating, """{"metadata":{"name":"p"},"spec":{"paramKind":{"apiVersion":"a/v1","kind":"K"},"validations":[{"expression":"1"}]}}"""));
        Assert.Equal("b | p | ns/x | <unknown>", KindBench.Row(Binding, """{"metadata":{"name":"b"},"spec":{"policyName":"p","paramRef":{"name":"x","namespace":"ns"}}}"""));
        Assert.Equal("p | 0 | <unset> | <unknown>", KindBench.Row(Mutating, """{"metadata":{"name":"p"}}"""));
        Assert.Equal("b | p | <unset> | <unknown>", KindBench.Row(MutatingBinding, """{"metadata":{"name":"b"},"spec":{"policyName":"p"}}"""));
    }

    [Fact]
    public void Alpha_OfBinding_DeniesWithoutParameters()
    {
        const string Json = """{"metadata":{"name":"b"},"spec":{"policyName":"p","paramRef":{"name":"x"}}}""";
        Assert.Contains("\"parameterNotFoundAction\":\"Deny\"", KindBench.Json(KindBench.Received(Binding, "admissionregistration.k8s.io/v1alpha1", Json)), StringComparison.Ordinal);
        Assert.DoesNotContain("parameterNotFoundAction", KindBench.Json(KindBench.Received(Binding, "admissionregistration.k8s.io/v1", Json)), StringComparison.Ordinal);
    }

    private static void Check(KindDefinition kind, string spec, string expected)
    {
        var json = """{"metadata":{"name":"p"},"spec":""" + spec.Replace("{M", "{" + Match, StringComparison.Ordinal) + "}";
        Assert.Equal(KindBench.Expected(expected), KindBench.CreateErrors(kind, json));
    }
}
