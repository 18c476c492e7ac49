using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Scheduler.Plugins.DynamicResources;
using Xunit;

namespace Cybernetes.Scheduler.Tests.Plugins.DynamicResources;

public sealed class ExtendedResourceClaimsTests
{
    private static Container Container(string name, string? count, string? restart = null)
    {
        var container = new Container { Name = name, RestartPolicy = restart, Resources = { Requests = new() { ["cpu"] = Quantity.Parse("1") } } };
        if (count is not null)
            container.Resources.Requests["example.com/gpu"] = Quantity.Parse(count);
        return container;
    }

    private static string Requests(IReadOnlyList<Container> initial, params Container[] containers)
    {
        var pod = new Pod { Spec = { InitContainers = [.. initial], Containers = [.. containers] } };
        var made = ExtendedResourceClaims.RequestsOf(pod, ["example.com/gpu"], _ => Devices.Class());
        return string.Join(" ", made.Requests.Select(r => $"{r.Name}:{r.Exactly!.Count}"))
            + " / " + string.Join(" ", made.Mappings.Select(m => $"{m.ContainerName}={m.RequestName}"));
    }

    [Fact]
    public void RequestsOf_Containers_EachHasItsOwn() => Assert.Equal(
        "container-0-request-1:2 container-2-request-1:1 / a=container-0-request-1 c=container-2-request-1",
        Requests([], Container("a", "2"), Container("b", null), Container("c", "1")));

    [Fact]
    public void RequestsOf_InitContainer_UsesThoseOfTheContainersAfterIt() => Assert.Equal(
        "container-1-request-1:2 / a=container-1-request-1 i=container-1-request-1", Requests([Container("i", "1")], Container("a", "2")));

    [Fact]
    public void RequestsOf_InitContainersThatNeedMore_ShareTheLargestRest() => Assert.Equal(
        "container-1-request-1:2 container-2-request-1:1 / "
        + "a=container-2-request-1 i=container-2-request-1 i=container-1-request-1 j=container-2-request-1 j=container-1-request-1",
        Requests([Container("i", "2"), Container("j", "3")], Container("a", "1")));

    [Fact]
    public void RequestsOf_Sidecar_LastsAsContainersDo() => Assert.Equal(
        "container-0-request-1:1 container-1-request-1:1 / s=container-0-request-1 a=container-1-request-1",
        Requests([Container("s", "1", "Always")], Container("a", "1")));
}
