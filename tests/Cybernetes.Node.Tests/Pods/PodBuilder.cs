using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.Node.Tests.Pods;

/// <summary>Pods for tests, with the defaults the API server would have set.</summary>
internal static class PodBuilder
{
    public static Pod Pod(string name = "web", params Container[] containers) => new()
    {
        Metadata = new ObjectMeta
        {
            Name = name,
            Namespace = "default",
            UID = "uid-" + name,
            ResourceVersion = "1",
            Generation = 1,
        },
        Spec = new PodSpec
        {
            NodeName = "node-1",
            RestartPolicy = "Always",
            DNSPolicy = "Default",
            TerminationGracePeriodSeconds = 30,
            ServiceAccountName = "default",
            Containers = containers.Length > 0 ? [.. containers] : [Container("app")],
        },
    };

    public static Container Container(string name, params string[] command) => new()
    {
        Name = name,
        Image = "registry.test/app:1",
        ImagePullPolicy = "IfNotPresent",
        Command = command.Length > 0 ? [.. command] : null,
        TerminationMessagePolicy = "File",
    };

    public static Pod WithInit(this Pod pod, params Container[] containers)
    {
        pod.Spec.InitContainers = [.. containers];
        return pod;
    }

    public static Pod WithPolicy(this Pod pod, string restartPolicy)
    {
        pod.Spec.RestartPolicy = restartPolicy;
        return pod;
    }

    public static Container Sidecar(string name) => With(Container(name), container => container.RestartPolicy = "Always");

    public static T With<T>(T value, Action<T> change)
    {
        change(value);
        return value;
    }
}
