using System.Net;
using Cybernetes.ApiServer.Registry;
using Cybernetes.ApiServer.Registry.Allocation;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Store;
using Microsoft.Extensions.Logging;
using ServiceAddress = Cybernetes.Objects.Networking.V1.IPAddress;

namespace Cybernetes.ApiServer.Server;

/// <summary>
/// Mends what others did to the records of services' addresses and ports: IPAddress objects that someone deleted are made again at once, and from
/// time to time all services are looked at. The server's own writes keep both in one transaction.
/// </summary>
internal sealed class ServiceRepair : IAsyncDisposable
{
    private const string AddressReporter = "ipallocator-repair-controller";
    private const string PortReporter = "portallocator-repair-controller";
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);
    private readonly RegistryServices _services;
    private readonly ApiServerOptions _options;
    private readonly RepairEvents _events;
    private readonly PortRepairs _ports;
    private readonly CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;

    public ServiceRepair(RegistryServices services, ApiServerOptions options)
    {
        _services = services;
        _options = options;
        _events = new(services);
        _ports = new(options.FirstNodePort, options.LastNodePort);
    }

    private IStore Store => _services.Store;

    /// <summary>Begins, where both kinds are there.</summary>
    public void Start()
    {
        if (_services.Catalog.FindStored("", "services") is { } services && _services.Catalog.FindStored("networking.k8s.io", "ipaddresses") is { } addresses)
            _running = RunAsync(services, addresses, _stop.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _events.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync(KindDefinition services, KindDefinition addresses, CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                // The watch first: what changes while all are looked at is looked at again.
                await using var watch = Store.Watch(new(RegistryServices.RangeOf(addresses, "")) { PreviousRecords = true });
                await RepairAllAsync(services, addresses, cancellation);
                await FollowAsync(watch, services, addresses, cancellation);
            }
            catch (Exception e) when (!cancellation.IsCancellationRequested)
            {
                _services.Logger.LogError(e, "services' addresses and ports could not be repaired");
                await Task.Delay(RetryPause, _services.Time, cancellation);
            }
        }
    }

    /// <summary>Looks at what becomes of each IPAddress object until it is time to look at all again, or the watch breaks off.</summary>
    private async Task FollowAsync(IWatch watch, KindDefinition services, KindDefinition addresses, CancellationToken cancellation)
    {
        using var period = new CancellationTokenSource(_options.ServiceRepairPeriod, _services.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(period.Token, cancellation);
        while (true)
        {
            WatchBatch batch;
            try
            {
                batch = await watch.ReadAsync(either.Token);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                return;
            }
            if (batch.Error is { } error)
            {
                _services.Logger.LogWarning("the watch of IPAddress objects ended and is begun again: {Reason}", error.Message);
                await Task.Delay(RetryPause, _services.Time, cancellation);
                return;
            }
            foreach (var change in batch.Events)
                await RepairAsync(change, services, addresses, cancellation);
        }
    }

    private async Task RepairAsync(WatchEvent change, KindDefinition services, KindDefinition addresses, CancellationToken cancellation)
    {
        var record = change.IsDeletion ? change.Previous : change.Record;
        if (record is null || ((ServiceAddress)addresses.DecodeStored(record.Value)).Spec.ParentRef is not { Group.Length: 0, Resource: "services" } parent)
            return;
        if (await _services.FindAsync(services, parent.Namespace, parent.Name, cancellation) is not { } found)
            return;
        // Only the service's own addresses, and whom they belong to, can have changed.
        var service = (Service)services.DecodeStored(found.Value);
        var there = new Dictionary<string, Record>(StringComparer.Ordinal);
        foreach (var address in ServiceAddresses.AddressesOf(service))
        {
            if (await _services.FindAsync(addresses, "", address, cancellation) is { } kept)
                there[address] = kept;
        }
        if (there.Count == ServiceAddresses.AddressesOf(service).Count && there.Values.All(r => r.ModRevision == found.ModRevision))
            return; // as the server itself writes them, together
        var view = new View(services, addresses, [found], there.Values) { Ranges = await RangesAsync(cancellation) };
        foreach (var parentOfOther in there.Values.Select(view.Read).Select(a => a.Spec.ParentRef).Where(p => p is { Resource: "services" }))
        {
            if (await _services.FindAsync(services, parentOfOther!.Namespace, parentOfOther.Name, cancellation) is { } other)
                view.Add(other);
        }
        await RepairAsync(service, view, cancellation);
    }

    private async Task RepairAllAsync(KindDefinition services, KindDefinition addresses, CancellationToken cancellation)
    {
        // The other way round than they are written: a service that comes in between has its records in what is read after it.
        var found = await RangeAsync(RegistryServices.RangeOf(services, ""), cancellation);
        var ports = await RangeAsync(KeyRange.Prefix(NodePorts.Prefix), cancellation);
        var view = new View(services, addresses, found, await RangeAsync(RegistryServices.RangeOf(addresses, ""), cancellation))
        {
            Ranges = await RangesAsync(cancellation),
        };
        foreach (var service in view.Services)
            await RepairAsync(service, view, cancellation);
        foreach (var address in view.Addresses)
        {
            if (view.Repairs.Of(address, _services.Time.GetUtcNow()) is not { } repair)
                continue;
            var parent = address.Spec.ParentRef;
            if (await ApplyAsync(view.Unchanged(parent?.Namespace ?? "", parent?.Name ?? "", address.Metadata.Name),
                new DeleteOperation(ServiceAddresses.KeyOf(repair.Address)), cancellation))
                await _events.WriteAsync(AddressReporter, "IPAddressAllocation", address, repair, cancellation);
        }
        var taken = ports.Select(r => int.TryParse(r.Key.AsSpan(NodePorts.Prefix.Length), out var port) ? port : 0).Where(p => p > 0);
        foreach (var (service, repair) in _ports.Of(view.Services, taken))
            await RepairAsync(service, repair, view, ports, cancellation);
        _events.Forget();
    }

    private async Task RepairAsync(Service service, View view, CancellationToken cancellation)
    {
        foreach (var repair in view.Repairs.Of(service))
        {
            var (ns, name, key) = (service.Metadata.Namespace, service.Metadata.Name, ServiceAddresses.KeyOf(repair.Address));
            var isDone = repair.Step != RepairStep.Retake
                || await ApplyAsync(view.Unchanged(ns, name, repair.Address), new DeleteOperation(key), cancellation);
            if (isDone && repair.Step is RepairStep.Take or RepairStep.Retake)
            {
                isDone = await ApplyAsync([view.Unchanged(ns, name), Compare.Absent(key)],
                    ServiceAddresses.Record(repair.Address, ns, name, _services.Identities, _services.Time.GetUtcNow()), cancellation);
            }
            if (isDone)
                await _events.WriteAsync(AddressReporter, "ClusterIPAllocation", service, repair, cancellation);
        }
    }

    private async Task RepairAsync(Service? service, Repair repair, View view, IReadOnlyList<Record> ports, CancellationToken cancellation)
    {
        var port = int.Parse(repair.Address, System.Globalization.CultureInfo.InvariantCulture);
        var key = NodePorts.KeyOf(port);
        if (service is null)
        {
            _services.Logger.LogWarning("the node port {Port} appears to have leaked: cleaning up", port);
            await ApplyAsync([Compare.ModRevision(key, ports.Single(r => r.Key == key).ModRevision)], new DeleteOperation(key), cancellation);
            return;
        }
        var (ns, name) = (service.Metadata.Namespace, service.Metadata.Name);
        if (repair.Step == RepairStep.Tell
            || await ApplyAsync([view.Unchanged(ns, name), Compare.Absent(key)], NodePorts.Record(port, ns, name), cancellation))
            await _events.WriteAsync(PortReporter, "", service, repair, cancellation);
    }

    /// <summary>False where something changed since it was read: it is looked at again then.</summary>
    private async Task<bool> ApplyAsync(IReadOnlyList<Compare> conditions, Operation operation, CancellationToken cancellation)
    {
        var written = await Store.TransactAsync(new(conditions, [operation], []), cancellation);
        return written.TryGet(out var result, out var error) ? result.Succeeded : throw StoredJson.FailureOf(error);
    }

    private async Task<IReadOnlyList<IPNetwork>> RangesAsync(CancellationToken cancellation)
    {
        var named = await ServiceRanges.ReadAsync(Store, cancellation);
        IEnumerable<IPNetwork> second = _options.SecondaryServiceClusterIPRange is { } range ? [range] : [];
        return [_options.ServiceClusterIPRange, .. second, .. named.Select(r => r.Range.Network)];
    }

    private async Task<IReadOnlyList<Record>> RangeAsync(KeyRange keys, CancellationToken cancellation)
    {
        var read = await Store.RangeAsync(new(keys), cancellation);
        return read.TryGet(out var range, out var error) ? range.Records : throw StoredJson.FailureOf(error);
    }

    /// <summary>Services and addresses as they were read, with their revisions.</summary>
    private sealed class View
    {
        private readonly KindDefinition _serviceKind;
        private readonly KindDefinition _addressKind;
        private readonly Dictionary<(string, string), (Service Value, Record Record)> _services = [];
        private readonly Dictionary<string, (ServiceAddress Value, Record Record)> _addresses = new(StringComparer.Ordinal);

        public View(KindDefinition services, KindDefinition addresses, IEnumerable<Record> found, IEnumerable<Record> there)
        {
            (_serviceKind, _addressKind) = (services, addresses);
            foreach (var record in found)
                Add(record);
            foreach (var record in there)
                _addresses[record.Key[(record.Key.LastIndexOf('/') + 1)..]] = (Read(record), record);
        }

        public required IReadOnlyList<IPNetwork> Ranges { get; init; }

        public IEnumerable<Service> Services => _services.Values.Select(s => s.Value);

        public IEnumerable<ServiceAddress> Addresses => _addresses.Values.Select(a => a.Value);

        public AddressRepairs Repairs => field ??= new(
            (ns, name) => _services.TryGetValue((ns, name), out var known) ? known.Value : null,
            address => _addresses.TryGetValue(address, out var known) ? known.Value : null, Ranges);

        public void Add(Record service)
        {
            var value = (Service)_serviceKind.DecodeStored(service.Value);
            _services[(value.Metadata.Namespace, value.Metadata.Name)] = (value, service);
        }

        public ServiceAddress Read(Record address) => (ServiceAddress)_addressKind.DecodeStored(address.Value);

        /// <summary>Holds while the service is as it was read, or still not there.</summary>
        public Compare Unchanged(string ns, string name) => _services.TryGetValue((ns, name), out var known)
            ? Compare.ModRevision(known.Record.Key, known.Record.ModRevision)
            : Compare.Absent(RegistryServices.KeyOf(_serviceKind, ns, name));

        /// <summary>Holds while both the service and the address are.</summary>
        public IReadOnlyList<Compare> Unchanged(string ns, string name, string address) =>
            [Unchanged(ns, name), Compare.ModRevision(_addresses[address].Record.Key, _addresses[address].Record.ModRevision)];
    }
}
