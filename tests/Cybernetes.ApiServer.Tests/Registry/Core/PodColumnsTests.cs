using Cybernetes.ApiServer.Registry.Core.Pods;

namespace Cybernetes.ApiServer.Tests.Registry.Core;

/// <summary>Rows of pods in the states that people see. Now is 2026-01-02 03:04:05.</summary>
public sealed class PodColumnsTests
{
    private static readonly PodKind Kind = new();

    [Fact]
    public void Columns_OfPods_AreUpstreams() => Assert.Equal(
        "Name:0,Ready:0,Status:0,Restarts:0,Age:0,IP:1,Node:1,Nominated Node:1,Readiness Gates:1",
        string.Join(',', Kind.ColumnDefinitions.Select(c => $"{c.Name}:{c.Priority}")));

    [Theory]
    [InlineData("", """{"phase":"Pending"}""", "p | 0/1 | Pending | 0 | 65s | <none> | <none> | <none> | <none>")]
    [InlineData("", """{"phase":"Pending","conditions":[{"type":"PodScheduled","status":"False","reason":"SchedulingGated"}]}""", "p | 0/1 | SchedulingGated | 0 | 65s | <none> | <none> | <none> | <none>")]
    [InlineData("", """{"phase":"Pending","containerStatuses":[{"name":"c","state":{"waiting":{"reason":"ContainerCreating"}}}]}""", "p | 0/1 | ContainerCreating | 0 | 65s | <none> | <none> | <none> | <none>")]
    [InlineData("", """{"phase":"Running","podIP":"10.0.0.1","podIPs":[{"ip":"10.0.0.1"}],"containerStatuses":[{"name":"c","ready":true,"state":{"running":{}}}]}""", "p | 1/1 | Running | 0 | 65s | 10.0.0.1 | <none> | <none> | <none>")]
    [InlineData("", """{"phase":"Running","containerStatuses":[{"name":"c","restartCount":3,"state":{"waiting":{"reason":"CrashLoopBackOff"}},"lastState":{"terminated":{"exitCode":1,"finishedAt":"2026-01-02T03:04:00Z"}}}]}""", "p | 0/1 | CrashLoopBackOff | 3 (5s ago) | 65s | <none> | <none> | <none> | <none>")]
    [InlineData("", """{"phase":"Succeeded","containerStatuses":[{"name":"c","state":{"terminated":{"exitCode":0,"reason":"Completed"}}}]}""", "p | 0/1 | Completed | 0 | 65s | <none> | <none> | <none> | <none>")]
    [InlineData("", """{"phase":"Failed","containerStatuses":[{"name":"c","state":{"terminated":{"exitCode":3}}}]}""", "p | 0/1 | ExitCode:3 | 0 | 65s | <none> | <none> | <none> | <none>")]
    [InlineData("", """{"phase":"Failed","containerStatuses":[{"name":"c","state":{"terminated":{"exitCode":137,"signal":9}}}]}""", "p | 0/1 | Signal:9 | 0 | 65s | <none> | <none> | <none> | <none>")]
    [InlineData("", """{"phase":"Failed","reason":"Evicted"}""", "p | 0/1 | Evicted | 0 | 65s | <none> | <none> | <none> | <none>")]
    [InlineData(""" "initContainers":[{"name":"i","image":"x"},{"name":"j","image":"x"}], """, """{"phase":"Pending","initContainerStatuses":[{"name":"i","state":{"terminated":{"exitCode":0}}},{"name":"j","state":{"running":{}}}]}""", "p | 0/1 | Init:1/2 | 0 | 65s | <none> | <none> | <none> | <none>")]
    [InlineData(""" "initContainers":[{"name":"i","image":"x"}], """, """{"phase":"Pending","initContainerStatuses":[{"name":"i","state":{"waiting":{"reason":"PodInitializing"}}}]}""", "p | 0/1 | Init:0/1 | 0 | 65s | <none> | <none> | <none> | <none>")]
    [InlineData(""" "initContainers":[{"name":"i","image":"x"}], """, """{"phase":"Pending","initContainerStatuses":[{"name":"i","restartCount":2,"state":{"waiting":{"reason":"CrashLoopBackOff"}}}]}""", "p | 0/1 | Init:CrashLoopBackOff | 2 | 65s | <none> | <none> | <none> | <none>")]
    [InlineData(""" "initContainers":[{"name":"s","image":"x","restartPolicy":"Always"}], """, """{"phase":"Running","initContainerStatuses":[{"name":"s","started":true,"ready":true,"restartCount":1,"state":{"running":{}}}],"containerStatuses":[{"name":"c","ready":true,"state":{"running":{}}}]}""", "p | 2/2 | Running | 1 | 65s | <none> | <none> | <none> | <none>")]
    [InlineData(""" "nodeName":"n","readinessGates":[{"conditionType":"a/b"}], """, """{"phase":"Running","nominatedNodeName":"m","conditions":[{"type":"a/b","status":"True"}]}""", "p | 0/1 | Running | 0 | 65s | <none> | n | m | 1/1")]
    public void Row_OfPod_SaysItsState(string spec, string status, string expected) => Assert.Equal(expected, KindBench.Row(
        Kind, $$"""{"metadata":{"name":"p","creationTimestamp":"2026-01-02T03:03:00Z"},"spec":{{{spec}}"containers":[{"name":"c","image":"i"}]},"status":{{status}}}"""));

    [Fact]
    public void Row_OfDeletedPod_SaysTerminating() => Assert.Equal(
        "p | 0/1 | Terminating | 0 | <unknown> | <none> | <none> | <none> | <none>",
        KindBench.Row(Kind, """{"metadata":{"name":"p","deletionTimestamp":"2026-01-02T03:04:00Z"},"spec":{"containers":[{"name":"c"}]},"status":{"phase":"Running"}}"""));
}
