using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Node.Pods;

/// <summary>Ephemeral containers (kubectl debug) have the fields of the others, in a class of their own.</summary>
internal static class EphemeralContainers
{
    public static Container AsContainer(EphemeralContainer container) => new()
    {
        Name = container.Name,
        Image = container.Image,
        Command = container.Command,
        Args = container.Args,
        WorkingDir = container.WorkingDir,
        EnvFrom = container.EnvFrom,
        Env = container.Env,
        Resources = container.Resources,
        VolumeMounts = container.VolumeMounts,
        TerminationMessagePath = container.TerminationMessagePath,
        TerminationMessagePolicy = container.TerminationMessagePolicy,
        ImagePullPolicy = container.ImagePullPolicy,
        SecurityContext = container.SecurityContext,
        Stdin = container.Stdin,
        StdinOnce = container.StdinOnce,
        TTY = container.TTY,

        // Never comes again, whatever the pod's policy.
        RestartPolicy = RestartRules.Never,
    };
}
