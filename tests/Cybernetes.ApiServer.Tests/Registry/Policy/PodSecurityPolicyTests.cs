using Cybernetes.ApiServer.Registry.Policy;

namespace Cybernetes.ApiServer.Tests.Registry.Policy;

public sealed class PodSecurityPolicyTests
{
    private const string Rules = """ "seLinux":{"rule":"RunAsAny"},"runAsUser":{"rule":"RunAsAny"},"supplementalGroups":{"rule":"RunAsAny"},"fsGroup":{"rule":"RunAsAny"} """;
    private static readonly PodSecurityPolicyKind Kind = new();

    [Theory]
    [InlineData("""{R}""", "")]
    [InlineData("""{}""", "spec.runAsUser.rule: Unsupported value: \"\": supported values: \"MustRunAs\", \"MustRunAsNonRoot\", \"RunAsAny\"|spec.seLinux.rule: Unsupported value: \"\": supported values: \"MustRunAs\", \"RunAsAny\"|spec.supplementalGroups.rule: Unsupported value: \"\": supported values: \"MayRunAs\", \"MustRunAs\", \"RunAsAny\"|spec.fsGroup.rule: Unsupported value: \"\": supported values: \"MayRunAs\", \"MustRunAs\", \"RunAsAny\"")]
    [InlineData("""{R,"runAsGroup":{"rule":"MustRunAs"}}""", "spec.runAsGroup.ranges: Invalid value: null: must provide at least one range")]
    [InlineData("""{R,"requiredDropCapabilities":["KILL"],"allowedCapabilities":["*","KILL"]}""", "requiredDropCapabilities: Invalid value: [\"KILL\"]: must be empty when all capabilities are allowed by a wildcard|allowedCapabilities: Invalid value: \"KILL\": capability is listed in allowedCapabilities and requiredDropCapabilities")]
    [InlineData("""{R,"allowPrivilegeEscalation":false,"defaultAllowPrivilegeEscalation":true}""", "spec.defaultAllowPrivilegeEscalation: Invalid value: true: Cannot set DefaultAllowPrivilegeEscalation to true without also setting AllowPrivilegeEscalation to true")]
    [InlineData("""{R,"allowedHostPaths":[{"pathPrefix":"/a/../b"},{}],"allowedFlexVolumes":[{"driver":""}]}""", "spec.allowedHostPaths[0]: Invalid value: \"/a/../b\": must not contain '..'|spec.allowedHostPaths[1]: Required value: is required|spec.allowedFlexVolumes.allowedFlexVolumes[0].driver: Required value: must specify a driver")]
    [InlineData("""{R,"allowedUnsafeSysctls":["net.*"],"forbiddenSysctls":["net.core","*"]}""", "spec.forbiddenSysctls.items: Forbidden: if '*' is present, must not specify other sysctls|spec.forbiddenSysctls[0]: Invalid value: \"net.core\": sysctl overlaps with net.*|spec.allowedUnsafeSysctls[0]: Invalid value: \"net.*\": sysctl overlaps with *")]
    [InlineData("""{R,"runtimeClass":{"allowedRuntimeClassNames":["a"],"defaultRuntimeClassName":"b"}}""", "spec.runtimeClass.allowedRuntimeClassNames: Required value: default \"b\" must be allowed")]
    public void Create_OfSpec_Explains(string spec, string expected)
    {
        var json = """{"metadata":{"name":"p"},"spec":""" + spec.Replace("{R", "{" + Rules, StringComparison.Ordinal) + "}";
        Assert.Equal(expected.Split('|', StringSplitOptions.RemoveEmptyEntries), KindBench.CreateErrors(Kind, json));
    }

    [Fact]
    public void Version_OfExtensions_IsTheSameObject()
    {
        var json = """{"kind":"PodSecurityPolicy","apiVersion":"extensions/v1beta1","metadata":{"name":"p","annotations":{"seccomp.security.alpha.kubernetes.io/allowedProfileNames":"*"}},"spec":{"privileged":true,"volumes":["*"],"allowPrivilegeEscalation":true,""" + Rules + "}}";
        var stored = KindBench.Received(Kind, "extensions/v1beta1", json);
        Assert.Contains("policy/v1beta1", KindBench.Json(stored), StringComparison.Ordinal);
        var back = KindBench.Given(Kind, "extensions/v1beta1", stored);
        Assert.True(KindBench.SameJson(json, back), back);
        Assert.Equal("p | true |  | RunAsAny | RunAsAny | RunAsAny | RunAsAny | false | *", KindBench.Row(Kind, json));
    }
}
