using Cybernetes.ApiServer.Registry.Core.Pods;

namespace Cybernetes.ApiServer.Tests.Registry.Core;

/// <summary>Bad pods and what is said of them. The texts are upstream's.</summary>
public sealed class PodValidationTests
{
    private static readonly PodKind Kind = new();

    [Theory]
    [InlineData("{}", "spec.containers: Required value")]
    [InlineData("""{"containers":[{"image":"i"}]}""", "spec.containers[0].name: Required value")]
    [InlineData("""{"containers":[{"name":"c"}]}""", "spec.containers[0].image: Required value")]
    [InlineData("""{"containers":[{"name":"c","image":" i"}]}""", """spec.containers[0].image: Invalid value: " i": must not have leading or trailing whitespace""")]
    [InlineData("""{"containers":[{"name":"c","image":"i"},{"name":"c","image":"i"}]}""", """spec.containers[1].name: Duplicate value: "c" """)]
    [InlineData("""{"containers":[{"name":"C","image":"i"}]}""", """spec.containers[0].name: Invalid value: "C": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')""")]
    [InlineData("""{"restartPolicy":"Sometimes","containers":[{"name":"c","image":"i"}]}""", """spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never" """)]
    [InlineData("""{"dnsPolicy":"X","containers":[{"name":"c","image":"i"}]}""", """spec.dnsPolicy: Unsupported value: "X": supported values: "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None" """)]
    [InlineData("""{"dnsPolicy":"None","containers":[{"name":"c","image":"i"}]}""", "spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None")]
    [InlineData("""{"activeDeadlineSeconds":0,"containers":[{"name":"c","image":"i"}]}""", "spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive")]
    [InlineData("""{"hostUsers":false,"hostPID":true,"containers":[{"name":"c","image":"i"}]}""", "spec.hostPID: Forbidden: when `hostUsers` is false")]
    [InlineData("""{"os":{"name":"plan9"},"containers":[{"name":"c","image":"i"}]}""", """spec.os: Unsupported value: "plan9": supported values: "linux", "windows" """)]
    [InlineData("""{"os":{"name":"windows"},"hostPID":true,"containers":[{"name":"c","image":"i"}]}""", "spec.hostPID: Forbidden: cannot be set for a windows pod")]
    [InlineData("""{"preemptionPolicy":"Maybe","containers":[{"name":"c","image":"i"}]}""", """spec.preemptionPolicy: Unsupported value: "Maybe": supported values: "PreemptLowerPriority", "Never" """)]
    [InlineData("""{"ephemeralContainers":[{"name":"e","image":"i"}],"containers":[{"name":"c","image":"i"}]}""", "spec.ephemeralContainers: Forbidden: cannot be set on create")]
    [InlineData("""{"nodeName":"n","schedulingGates":[{"name":"a/b"}],"containers":[{"name":"c","image":"i"}]}""", "spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared")]
    [InlineData("""{"hostNetwork":true,"containers":[{"name":"c","image":"i","ports":[{"containerPort":80,"hostPort":81}]}]}""", "spec.containers[0].ports[0].hostPort: Invalid value: 81: must match `containerPort` when `hostNetwork` is true")]
    [InlineData("""{"initContainers":[{"name":"c","image":"i"}],"containers":[{"name":"c","image":"i"}]}""", """spec.initContainers[0].name: Duplicate value: "c" """)]
    [InlineData("""{"initContainers":[{"name":"d","image":"i","lifecycle":{}}],"containers":[{"name":"c","image":"i"}]}""", "spec.initContainers[0].lifecycle: Forbidden: may not be set for init containers without restartPolicy=Always")]
    public void Spec_Bad_Explains(string spec, string expected) => Expect(spec, expected);

    [Theory]
    [InlineData(""" "ports":[{}] """, "spec.containers[0].ports[0].containerPort: Required value")]
    [InlineData(""" "ports":[{"containerPort":70000}] """, "spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive")]
    [InlineData(""" "ports":[{"containerPort":80,"protocol":"ICMP"}] """, """spec.containers[0].ports[0].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP" """)]
    [InlineData(""" "ports":[{"containerPort":80,"name":"a"},{"containerPort":81,"name":"a"}] """, """spec.containers[0].ports[1].name: Duplicate value: "a" """)]
    [InlineData(""" "ports":[{"containerPort":80,"hostPort":8},{"containerPort":81,"hostPort":8}] """, """spec.containers[0].ports[1].hostPort: Duplicate value: "TCP//8" """)]
    [InlineData(""" "env":[{"value":"v"}] """, "spec.containers[0].env[0].name: Required value")]
    [InlineData(""" "env":[{"name":"a=b"}] """, """spec.containers[0].env[0].name: Invalid value: "a=b": a valid environment variable name must consist only of printable ASCII characters other than '='""")]
    [InlineData(""" "env":[{"name":"A","valueFrom":{}}] """, """spec.containers[0].env[0].valueFrom: Invalid value: "": must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`""")]
    [InlineData(""" "env":[{"name":"A","valueFrom":{"fieldRef":{"fieldPath":"metadata.labels"}}}] """, """spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Unsupported value: "metadata.labels": supported values: "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs" """)]
    [InlineData(""" "env":[{"name":"A","valueFrom":{"fieldRef":{"fieldPath":"spec.color"}}}] """, """spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Invalid value: "spec.color": error converting fieldPath: field label not supported: spec.color""")]
    [InlineData(""" "env":[{"name":"A","valueFrom":{"configMapKeyRef":{"name":"m"}}}] """, "spec.containers[0].env[0].valueFrom.configMapKeyRef.key: Required value")]
    [InlineData(""" "envFrom":[{}] """, """spec.containers[0].envFrom: Invalid value: "": must specify one of: `configMapRef` or `secretRef`""")]
    [InlineData(""" "volumeMounts":[{"name":"v","mountPath":"/v"}] """, """spec.containers[0].volumeMounts[0].name: Not found: "v" """)]
    [InlineData(""" "volumeMounts":[{"name":"d"}] """, "spec.containers[0].volumeMounts[0].mountPath: Required value")]
    [InlineData(""" "volumeMounts":[{"name":"d","mountPath":"/d"},{"name":"d","mountPath":"/d"}] """, """spec.containers[0].volumeMounts[1].mountPath: Invalid value: "/d": must be unique""")]
    [InlineData(""" "volumeMounts":[{"name":"d","mountPath":"/d","subPath":"../x"}] """, """spec.containers[0].volumeMounts.subPath: Invalid value: "../x": must not contain '..'""")]
    [InlineData(""" "volumeMounts":[{"name":"d","mountPath":"/d","mountPropagation":"Bidirectional"}] """, "spec.containers[0].volumeMounts.mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers")]
    [InlineData(""" "imagePullPolicy":"Now" """, """spec.containers[0].imagePullPolicy: Unsupported value: "Now": supported values: "Always", "IfNotPresent", "Never" """)]
    [InlineData(""" "terminationMessagePolicy":"Log" """, """spec.containers[0].terminationMessagePolicy: Unsupported value: "Log": supported values: "File", "FallbackToLogsOnError" """)]
    [InlineData(""" "resources":{"requests":{"cpu":"2"},"limits":{"cpu":"1"}} """, """spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1""")]
    [InlineData(""" "resources":{"requests":{"cpu":"-1"}} """, """spec.containers[0].resources.requests[cpu]: Invalid value: "-1": must be greater than or equal to 0""")]
    [InlineData(""" "resources":{"requests":{"disk":"1"}} """, """spec.containers[0].resources.requests[disk]: Invalid value: "disk": must be a standard resource for containers""")]
    [InlineData(""" "resources":{"requests":{"example.com/gpu":"1"}} """, "spec.containers[0].resources.limits: Required value: Limit must be set for non overcommitable resources")]
    [InlineData(""" "resources":{"limits":{"example.com/gpu":"500m"}} """, """spec.containers[0].resources.limits[example.com/gpu]: Invalid value: "500m": must be an integer""")]
    [InlineData(""" "livenessProbe":{} """, "spec.containers[0].livenessProbe: Required value: must specify a handler type")]
    [InlineData(""" "livenessProbe":{"exec":{"command":["a"]},"successThreshold":2} """, "spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1")]
    [InlineData(""" "livenessProbe":{"exec":{"command":["a"]},"tcpSocket":{"port":1}} """, "spec.containers[0].livenessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type")]
    [InlineData(""" "readinessProbe":{"httpGet":{"port":0}} """, "spec.containers[0].readinessProbe.httpGet.port: Invalid value: 0: must be between 1 and 65535, inclusive")]
    [InlineData(""" "readinessProbe":{"httpGet":{"port":80,"scheme":"FTP"}} """, """spec.containers[0].readinessProbe.httpGet.scheme: Unsupported value: "FTP": supported values: "HTTP", "HTTPS" """)]
    [InlineData(""" "readinessProbe":{"exec":{"command":["a"]},"periodSeconds":-1} """, "spec.containers[0].readinessProbe.periodSeconds: Invalid value: -1: must be greater than or equal to 0")]
    [InlineData(""" "lifecycle":{"preStop":{"sleep":{"seconds":40}}} """, "spec.containers[0].lifecycle.preStop.sleep: Invalid value: 40: must be non-negative and less than terminationGracePeriodSeconds (30)")]
    [InlineData(""" "restartPolicy":"Often" """, """spec.containers[0].restartPolicy: Unsupported value: "Often": supported values: "Always", "Never", "OnFailure" """)]
    [InlineData(""" "securityContext":{"runAsUser":-1} """, "spec.containers[0].securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive")]
    [InlineData(""" "securityContext":{"procMount":"Unmasked"} """, """spec.containers[0].securityContext.procMount: Invalid value: "Unmasked": `hostUsers` must be false to use `Unmasked`""")]
    [InlineData(""" "securityContext":{"seccompProfile":{"type":"Localhost"}} """, "spec.containers[0].securityContext.seccompProfile.localhostProfile: Required value: must be set when seccomp type is Localhost")]
    [InlineData(""" "securityContext":{"appArmorProfile":{"type":"X"}} """, """spec.containers[0].securityContext.appArmorProfile.type: Unsupported value: "X": supported values: "Localhost", "RuntimeDefault", "Unconfined" """)]
    public void Container_Bad_Explains(string fields, string expected) =>
        Expect($$"""{"volumes":[{"name":"d"}],"containers":[{"name":"c","image":"i",{{fields}}}]}""", expected);

    [Theory]
    [InlineData(""" {"name":"v","configMap":{}} """, "spec.volumes[0].configMap.name: Required value")]
    [InlineData(""" {"name":"v","secret":{"defaultMode":512}} """, "spec.volumes[0].secret.defaultMode: Invalid value: 512: must be a number between 0 and 0777 (octal), both inclusive")]
    [InlineData(""" {"name":"v","hostPath":{"path":"/a/../b"}} """, """spec.volumes[0].hostPath.path: Invalid value: "/a/../b": must not contain '..'""")]
    [InlineData(""" {"name":"v","hostPath":{"path":"/a","type":"Pipe"}} """, """spec.volumes[0].hostPath.type: Unsupported value: "Pipe": supported values: "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket" """)]
    [InlineData(""" {"name":"v","emptyDir":{},"hostPath":{"path":"/a"}} """, "spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type")]
    [InlineData(""" {"name":"v","nfs":{"server":"s","path":"a"}} """, """spec.volumes[0].nfs.path: Invalid value: "a": must be an absolute path""")]
    [InlineData(""" {"name":"v","persistentVolumeClaim":{}} """, "spec.volumes[0].persistentVolumeClaim.claimName: Required value")]
    [InlineData(""" {"name":"v","configMap":{"name":"m","items":[{"key":"k","path":"/abs"}]}} """, """spec.volumes[0].configMap.items[0].path: Invalid value: "/abs": must be a relative path""")]
    [InlineData(""" {"name":"v","downwardAPI":{"items":[{"path":"p"}]}} """, "spec.volumes[0].downwardAPI: Required value: one of fieldRef and resourceFieldRef is required")]
    [InlineData(""" {"name":"v","projected":{"sources":[{"serviceAccountToken":{"path":"t","expirationSeconds":10}}]}} """, "spec.volumes[0].projected.serviceAccountToken.expirationSeconds: Invalid value: 10: may not specify a duration less than 10 minutes", ".sources[0]")]
    [InlineData(""" {"name":"v","ephemeral":{"volumeClaimTemplate":{"spec":{"resources":{"requests":{"storage":"1Gi"}}}}}} """, "spec.volumes[0].ephemeral.volumeClaimTemplate.spec.accessModes: Required value: at least 1 access mode is required")]
    [InlineData(""" {"name":"v"},{"name":"v"} """, """spec.volumes[1].name: Duplicate value: "v" """)]
    [InlineData(""" {"name":"v","iscsi":{"targetPortal":"p","iqn":"x","lun":0}} """, """spec.volumes[0].iscsi.iqn: Invalid value: "x": must be valid format starting with iqn, eui, or naa""")]
    public void Volume_Bad_Explains(string volumes, string expected, string inserted = "") => Expect(
        $$"""{"serviceAccountName":"sa","volumes":[{{volumes}}],"containers":[{"name":"c","image":"i"}]}""",
        inserted.Length == 0 ? expected : expected.Replace("projected.", $"projected{inserted}.", StringComparison.Ordinal));

    [Theory]
    [InlineData(""" "tolerations":[{"operator":"Equal"}] """, """spec.tolerations[0].operator: Invalid value: "Equal": operator must be Exists when `key` is empty, which means "match all values and all keys" """)]
    [InlineData(""" "tolerations":[{"key":"a","operator":"Exists","value":"b"}] """, """spec.tolerations[0].operator: Invalid value: "b": value must be empty when `operator` is 'Exists'""")]
    [InlineData(""" "tolerations":[{"key":"a","tolerationSeconds":1}] """, """spec.tolerations[0].effect: Invalid value: "": effect must be 'NoExecute' when `tolerationSeconds` is set""")]
    [InlineData(""" "affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[]}}} """, "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: Required value: must have at least one node selector term")]
    [InlineData(""" "affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"a","operator":"Is"}]}]}}} """, """spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator""")]
    [InlineData(""" "affinity":{"nodeAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[{"weight":0,"preference":{}}]}} """, "spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: Invalid value: 0: must be in the range 1-100")]
    [InlineData(""" "affinity":{"podAntiAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"topologyKey":""}]}} """, "spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey: Required value: can not be empty")]
    [InlineData(""" "topologySpreadConstraints":[{"maxSkew":0,"topologyKey":"z","whenUnsatisfiable":"DoNotSchedule"}] """, "spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero")]
    [InlineData(""" "topologySpreadConstraints":[{"maxSkew":1,"topologyKey":"z","whenUnsatisfiable":"Never"}] """, """spec.topologySpreadConstraints[0].whenUnsatisfiable: Unsupported value: "Never": supported values: "DoNotSchedule", "ScheduleAnyway" """)]
    [InlineData(""" "topologySpreadConstraints":[{"maxSkew":1,"topologyKey":"z","whenUnsatisfiable":"DoNotSchedule"},{"maxSkew":2,"topologyKey":"z","whenUnsatisfiable":"DoNotSchedule"}] """, """spec.topologySpreadConstraints[0].{topologyKey, whenUnsatisfiable}: Duplicate value: "{z, DoNotSchedule}" """)]
    [InlineData(""" "schedulingGates":[{"name":"a"},{"name":"a"}] """, """spec.schedulingGates[1]: Duplicate value: "a" """)]
    [InlineData(""" "securityContext":{"sysctls":[{"name":"Net.x","value":"1"}]} """, """spec.securityContext.sysctls[0].name: Invalid value: "Net.x": must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$""")]
    [InlineData(""" "hostNetwork":true,"securityContext":{"sysctls":[{"name":"net.ipv4.x","value":"1"}]} """, """spec.securityContext.sysctls[0].name: Invalid value: "net.ipv4.x": may not be specified when 'hostNetwork' is true""")]
    [InlineData(""" "securityContext":{"fsGroupChangePolicy":"Never"} """, """spec.securityContext.fsGroupChangePolicy: Unsupported value: "Never": supported values: "Always", "OnRootMismatch" """)]
    [InlineData(""" "dnsConfig":{"nameservers":["a"]} """, """spec.dnsConfig.nameservers[0]: Invalid value: "a": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)""")]
    [InlineData(""" "hostAliases":[{"ip":"1.2.3.4","hostnames":["A"]}] """, """spec.hostAliases[0].hostnames[0]: Invalid value: "A": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')""")]
    [InlineData(""" "overhead":{"disk":"1"} """, """spec.overhead.limits[disk]: Invalid value: "disk": must be a standard resource for containers""")]
    [InlineData(""" "resources":{"limits":{"disk":"1"}} """, """spec.resources.limits[disk]: Invalid value: "disk": must be a standard resource type or fully qualified""")]
    [InlineData(""" "resources":{"requests":{"cpu":"1"}},"initContainers":[{"name":"i","image":"i","resources":{"requests":{"cpu":"2"}}}] """, """spec.resources.requests[cpu]: Invalid value: "1": must be greater than or equal to aggregate container requests of 2""")]
    public void Scheduling_Bad_Explains(string fields, string expected) =>
        Expect($$"""{"containers":[{"name":"c","image":"i"}],{{fields}}}""", expected);

    [Fact]
    public void Pod_Plain_IsValid() =>
        Assert.Empty(KindBench.CreateErrors(Kind, Pod("""{"containers":[{"name":"c","image":"nginx"}]}""")));

    [Fact]
    public void Token_WithoutAccount_IsForbidden() => Expect(
        """{"volumes":[{"name":"t","projected":{"sources":[{"serviceAccountToken":{"path":"t"}}]}}],"containers":[{"name":"c","image":"i"}]}""",
        "spec.volumes[0].projected.sources[0].serviceAccountToken: Forbidden: must not be specified when serviceAccountName is not set");

    [Theory]
    [InlineData("""{"containers":[{"name":"c","image":"i"}]}""", """{"containers":[{"name":"c","image":"j"}]}""", null)]
    [InlineData("""{"containers":[{"name":"c","image":"i"}]}""", """{"containers":[{"name":"c","image":"i"},{"name":"d","image":"i"}]}""", "spec.containers: Forbidden: pod updates may not add or remove containers")]
    [InlineData("""{"containers":[{"name":"c","image":"i"}]}""", """{"activeDeadlineSeconds":5,"containers":[{"name":"c","image":"i"}]}""", null)]
    [InlineData("""{"activeDeadlineSeconds":5,"containers":[{"name":"c","image":"i"}]}""", """{"activeDeadlineSeconds":6,"containers":[{"name":"c","image":"i"}]}""", "spec.activeDeadlineSeconds: Invalid value: 6: must be less than or equal to previous value")]
    [InlineData("""{"activeDeadlineSeconds":5,"containers":[{"name":"c","image":"i"}]}""", """{"containers":[{"name":"c","image":"i"}]}""", "spec.activeDeadlineSeconds: Invalid value: null: must not update from a positive integer to nil value")]
    [InlineData("""{"tolerations":[{"key":"a"}],"containers":[{"name":"c","image":"i"}]}""", """{"tolerations":[{"key":"a"},{"key":"b"}],"containers":[{"name":"c","image":"i"}]}""", null)]
    [InlineData("""{"tolerations":[{"key":"a"}],"containers":[{"name":"c","image":"i"}]}""", """{"containers":[{"name":"c","image":"i"}]}""", "spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds")]
    [InlineData("""{"schedulingGates":[{"name":"a"}],"containers":[{"name":"c","image":"i"}]}""", """{"containers":[{"name":"c","image":"i"}]}""", null)]
    [InlineData("""{"schedulingGates":[{"name":"a"}],"containers":[{"name":"c","image":"i"}]}""", """{"schedulingGates":[{"name":"b"}],"containers":[{"name":"c","image":"i"}]}""", "spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling gate 'b'")]
    [InlineData("""{"schedulingGates":[{"name":"a"}],"containers":[{"name":"c","image":"i"}]}""", """{"schedulingGates":[{"name":"a"}],"nodeSelector":{"x":"y"},"containers":[{"name":"c","image":"i"}]}""", null)]
    public void Update_Pod_AllowsFewChanges(string before, string after, string? expected)
    {
        var errors = KindBench.UpdateErrors(Kind, Pod(before), Pod(after));
        Assert.Equal(expected is null ? [] : [expected], errors);
    }

    [Fact]
    public void Update_OtherField_NamesTheDifference()
    {
        var error = Assert.Single(KindBench.UpdateErrors(
            Kind, Pod("""{"containers":[{"name":"c","image":"i"}]}"""), Pod("""{"hostname":"h","containers":[{"name":"c","image":"i"}]}""")));
        Assert.StartsWith("spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,", error, StringComparison.Ordinal);
        Assert.Contains("+ hostname: \"h\"", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Status_TerminatedContainer_StaysTerminated()
    {
        const string Spec = """ "spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"i"}]} """;
        var errors = KindBench.StatusErrors(
            Kind,
            $$$$$"""{"metadata":{"name":"p"},{{{{{Spec}}}}},"status":{"containerStatuses":[{"name":"c","state":{"terminated":{"exitCode":0}}}]}}""",
            $$$$$"""{"metadata":{"name":"p"},{{{{{Spec}}}}},"status":{"containerStatuses":[{"name":"c","state":{"running":{}}}]}}""");
        Assert.Equal(["status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state"], errors);
    }

    private static void Expect(string spec, string expected) =>
        Assert.Contains(expected.Trim(), KindBench.CreateErrors(Kind, Pod(spec)));

    private static string Pod(string spec) => $$"""{"metadata":{"name":"p","namespace":"default"},"spec":{{spec}}}""";
}
