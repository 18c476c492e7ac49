using Cybernetes.Cli.Flags;
using Cybernetes.Cli.Running;
using Cybernetes.Controllers;

namespace Cybernetes.Cli.Commands;

/// <summary><c>cyb controller-manager</c>.</summary>
internal sealed class ControllerManagerCommand : PartCommand
{
    private readonly Flag<bool> _leaderElect;
    private readonly Flag<string> _clusterCidr;
    private readonly Flag<bool> _allocateCidrs;
    private readonly Flag<string> _rootAuthority;
    private readonly Flag<IReadOnlyList<string>> _controllers;
    private readonly Flag<bool> _garbageCollector;
    private readonly ControllerManagerFlags _manager;
    private readonly DiagnosticsFlags _port;

    public ControllerManagerCommand()
        : base(Parts.Controllers)
    {
        _leaderElect = Flags.Switch("leader-elect", true, "Stand for election before working; needed when several run");
        _clusterCidr = Flags.Text("cluster-cidr", "", "The CIDR from which nodes get their pods' addresses", "cidr");
        _allocateCidrs = Flags.Switch("allocate-node-cidrs", false, "Give each node a range out of --cluster-cidr");
        _rootAuthority = Flags.Text(
            "root-ca-file", "", "The certificate authority to publish in every namespace's kube-root-ca.crt", "file");
        _controllers = Flags.List(
            "controllers",
            ["*"],
            "The controllers to run: names, '*' for all, '-NAME' for all but one. They are: "
            + string.Join(", ", ControllerManager.Names));
        _garbageCollector = Flags.Switch("enable-garbage-collector", true, "Delete what nobody owns any more");
        _manager = new ControllerManagerFlags(Flags);
        _port = new DiagnosticsFlags(Flags, 10257);
    }

    protected override Task<IAsyncDisposable?> ServeAsync(PartContext context, CancellationToken stop) =>
        _port.ServeAsync(context, ComponentConfiguration.Of(context.Settings), stop);

    public override string Name => "controller-manager";

    public override string Summary => "Run the controllers only";

    public override string Examples => """
        # Beside an API server that runs alone
        cyb controller-manager --kubeconfig controller-manager.conf --allocate-node-cidrs --cluster-cidr 10.244.0.0/16
        # All but the garbage collector
        cyb controller-manager --controllers '*,-garbage-collector-controller'
        """;

    protected override PartSettings Settings()
    {
        if (_allocateCidrs.Value)
        {
            // One range, or one of each address family.
            foreach (string range in _clusterCidr.Value.Split(','))
                ServingFlags.Cidr("cluster-cidr", range);
        }
        if (ControllerManager.UnknownName(_controllers.Value) is { } unknown)
            throw new FlagException($"\"{unknown}\" is not in the list of known controllers");
        return new PartSettings
        {
            NodeName = ServingFlags.DefaultNodeName(),
            Identity = NewIdentity(),
            LeaderElect = _leaderElect.Value,
            Controllers = _garbageCollector.Value ? _controllers.Value : [.. _controllers.Value, "-garbage-collector-controller"],
            ControllerManager = _manager.Options(),
            ClusterCidr = _allocateCidrs.Value ? _clusterCidr.Value : "",
            RootCertificate = ReadAuthority(),
        };
    }

    private string ReadAuthority()
    {
        try
        {
            return _rootAuthority.Value.Length == 0 ? "" : File.ReadAllText(_rootAuthority.Value);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new FlagException(
                $"invalid argument \"{_rootAuthority.Value}\" for \"--root-ca-file\" flag: {failure.Message}");
        }
    }
}
