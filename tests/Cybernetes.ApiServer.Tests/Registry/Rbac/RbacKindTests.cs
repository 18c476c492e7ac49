using System.Text;
using System.Text.Json;
using Cybernetes.ApiServer.Registry;
using Cybernetes.ApiServer.Registry.Rbac;
using Cybernetes.Objects;

namespace Cybernetes.ApiServer.Tests.Registry.Rbac;

public sealed class RbacKindTests
{
    private const string Reference = """ "roleRef":{"kind":"ClusterRole","name":"view"} """;
    private static readonly RoleKind Role = new();
    private static readonly ClusterRoleKind ClusterRole = new();
    private static readonly RoleBindingKind Binding = new();
    private static readonly ClusterRoleBindingKind ClusterBinding = new();

    [Theory]
    [InlineData("""{}""", "rules[0].verbs: Required value: verbs must contain at least one value|rules[0].apiGroups: Required value: resource rules must supply at least one api group|rules[0].resources: Required value: resource rules must supply at least one resource")]
    [InlineData("""{"verbs":["get"],"nonResourceURLs":["/healthz"]}""", "rules[0].nonResourceURLs: Invalid value: [\"/healthz\"]: namespaced rules cannot apply to non-resource URLs")]
    [InlineData("""{"verbs":["get"],"nonResourceURLs":["/h"],"resources":["pods"]}""", "rules[0].nonResourceURLs: Invalid value: [\"/h\"]: namespaced rules cannot apply to non-resource URLs|rules[0].nonResourceURLs: Invalid value: [\"/h\"]: rules cannot apply to both regular resources and non-resource URLs")]
    public void CreateRole_BadRule_Explains(string rule, string expected) => Assert.Equal(
        expected.Split('|'), KindBench.CreateErrors(Role, $$"""{"metadata":{"name":"r","namespace":"default"},"rules":[{{rule}}]}"""));

    [Theory]
    [InlineData(""" "rules":[{"verbs":["get"],"nonResourceURLs":["/healthz"]}] """, "")]
    [InlineData(""" "aggregationRule":{} """, "aggregationRule.clusterRoleSelectors: Required value: at least one clusterRoleSelector required if aggregationRule is non-nil")]
    [InlineData(""" "aggregationRule":{"clusterRoleSelectors":[{"matchExpressions":[{"key":"a","operator":"Odd"}]}]} """, "aggregationRule.clusterRoleSelectors[0].matchExpressions[0].operator: Invalid value: \"Odd\": not a valid selector operator|aggregationRule.clusterRoleSelectors[0]: Invalid value: {\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"Odd\"}]}: invalid label selector.")]
    public void CreateClusterRole_Rules_AreChecked(string fields, string expected) => Assert.Equal(
        expected.Length == 0 ? [] : expected.Split('|'), KindBench.CreateErrors(ClusterRole, $$"""{"metadata":{"name":"r"},{{fields}}}"""));

    [Theory]
    [InlineData(""" "roleRef":{"apiGroup":"x","kind":"User","name":""} """, "roleRef.apiGroup: Unsupported value: \"x\": supported values: \"rbac.authorization.k8s.io\"|roleRef.kind: Unsupported value: \"User\": supported values: \"Role\", \"ClusterRole\"|roleRef.name: Required value")]
    [InlineData(""" "roleRef":{"kind":"Role","name":"a/b"} """, "roleRef.name: Invalid value: \"a/b\": may not contain '/'")]
    [InlineData(""" "roleRef":{"kind":"Role","name":"r"},"subjects":[{"kind":"Robot","name":"x"},{"kind":"User","name":""},{"kind":"ServiceAccount","name":"S","apiGroup":"g"}] """, "subjects[0].kind: Unsupported value: \"Robot\": supported values: \"ServiceAccount\", \"User\", \"Group\"|subjects[1].name: Required value|subjects[1].name: Invalid value: \"\": user name cannot be empty|subjects[2].name: Invalid value: \"S\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')|subjects[2].apiGroup: Unsupported value: \"g\": supported values: \"\"")]
    public void CreateBinding_BadField_Explains(string fields, string expected) => Assert.Equal(
        expected.Split('|'), KindBench.CreateErrors(Binding, $$"""{"metadata":{"name":"b","namespace":"default"},{{fields}}}"""));

    [Fact]
    public void CreateClusterBinding_RoleAndAccountWithoutNamespace_AreRefused() => Assert.Equal(
        ["roleRef.kind: Unsupported value: \"Role\": supported values: \"ClusterRole\"", "subjects[0].namespace: Required value"],
        KindBench.CreateErrors(ClusterBinding, """{"metadata":{"name":"b"},"roleRef":{"kind":"Role","name":"r"},"subjects":[{"kind":"ServiceAccount","name":"s"}]}"""));

    [Fact]
    public void UpdateBinding_RoleRef_CannotChange() => Assert.Equal(
        ["""roleRef: Invalid value: {"APIGroup":"rbac.authorization.k8s.io","Kind":"ClusterRole","Name":"edit"}: cannot change roleRef"""],
        KindBench.UpdateErrors(ClusterBinding, $$"""{"metadata":{"name":"b"},{{Reference}}}""",
            $$"""{"metadata":{"name":"b"},{{Reference.Replace("view", "edit", StringComparison.Ordinal)}}}"""));

    [Fact]
    public void Defaults_OfBinding_FillInGroups()
    {
        var json = KindBench.Defaulted(Binding, $$"""{"metadata":{"name":"b"},{{Reference}},"subjects":[{"kind":"User","name":"u"},{"kind":"ServiceAccount","name":"s"}]}""");
        Assert.Contains("\"apiGroup\":\"rbac.authorization.k8s.io\",\"kind\":\"ClusterRole\"", json, StringComparison.Ordinal);
        Assert.Contains("{\"kind\":\"User\",\"apiGroup\":\"rbac.authorization.k8s.io\",\"name\":\"u\"},{\"kind\":\"ServiceAccount\",\"name\":\"s\"}", json, StringComparison.Ordinal);
    }

    [Fact]
    public void Row_OfBinding_TellsWhoHasIt() => Assert.Equal("b | ClusterRole/view | <unknown> | u, v | g | ns/s", KindBench.Row(Binding,
        $$"""{"metadata":{"name":"b"},{{Reference}},"subjects":[{"kind":"User","name":"u"},{"kind":"User","name":"v"},{"kind":"Group","name":"g"},{"kind":"ServiceAccount","name":"s","namespace":"ns"}]}"""));

    [Fact]
    public void Alpha_EveryUser_IsTheGroupOfTheAuthenticated()
    {
        var alpha = ((KindDefinition)ClusterBinding).Served.Single(v => v.Version == "v1alpha1");
        var json = """
            {"apiVersion":"rbac.authorization.k8s.io/v1alpha1","kind":"ClusterRoleBinding","metadata":{"name":"b"},"roleRef":{"kind":"ClusterRole","name":"view"},
             "subjects":[{"kind":"User","name":"*"},{"kind":"ServiceAccount","apiVersion":"v1","name":"s","namespace":"n"}]}
            """;
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(json));
        reader.Read();
        var stored = (Cybernetes.Objects.Rbac.V1.ClusterRoleBinding)alpha.Decode(ref reader, new DecodeContext(collectStrict: true));
        Assert.Equal(("Group", "system:authenticated", "rbac.authorization.k8s.io"), (stored.Subjects![0].Kind, stored.Subjects[0].Name, stored.Subjects[0].APIGroup));
        Assert.Equal(("ServiceAccount", ""), (stored.Subjects[1].Kind, stored.Subjects[1].APIGroup));

        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
            alpha.Encode(stored, writer);
        var back = Encoding.UTF8.GetString(stream.ToArray());
        Assert.Contains("""{"kind":"Group","apiVersion":"rbac.authorization.k8s.io/v1alpha1","name":"system:authenticated"},{"kind":"ServiceAccount","apiVersion":"v1","name":"s","namespace":"n"}""", back, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_OfRoles_ArePathSegments()
    {
        Assert.Empty(Role.NameProblems("system:node-Problem_Detector"));
        Assert.NotEmpty(Role.NameProblems("a%b"));
    }
}
