using System.Text;
using Cybernetes.ApiServer.Registry.Core.Pods;
using Cybernetes.Objects;
using Cybernetes.Objects.Resource.V1;

namespace Cybernetes.ApiServer.Registry.ResourceAllocation;

/// <summary>What a claim got, and who uses it: checks of its status.</summary>
internal static class ClaimStatusChecks
{
    private const int MostConsumers = 256;
    private const int MostConditions = 8;
    private const int MostDataBytes = 10 * 1024;
    private const int MostInterfaceNameBytes = 256;
    private const int MostHardwareAddressBytes = 128;
    private const int MostAddresses = 16;
    private const int MostResults = 32;
    private static readonly FieldPath StatusPath = FieldPath.Of("status");

    public static void Validate(ResourceClaim claim, ResourceClaim old, FieldErrorList errors)
    {
        var (status, before) = (claim.Status, old.Status);
        DeviceChecks.Set(status.ReservedFor, MostConsumers, c => c.UID, StatusPath.Child("reservedFor"), errors, (c, at) => Consumer(c, at, errors));
        var allocated = status.Allocation?.Devices.Results.OrEmpty().Select(r => Key(r.Driver, r.Pool, r.Device, r.ShareID)).ToHashSet() ?? [];
        DeviceChecks.Set(
            status.Devices, int.MaxValue, d => Key(d.Driver, d.Pool, d.Device, d.ShareID), StatusPath.Child("devices"), errors,
            (device, at) => Device(device, allocated, at, errors));
        if (status.ReservedFor is { Count: > 0 } consumers)
        {
            if (status.Allocation is null)
                errors.Forbidden(StatusPath.Child("reservedFor"), "may not be specified when `allocated` is not set");
            else if (claim.Metadata.DeletionTimestamp is not null && consumers.Any(c => !before.ReservedFor.OrEmpty().Any(c.SemanticEquals)))
                errors.Forbidden(StatusPath.Child("reservedFor"), "new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set");
        }
        if (status.Allocation is not { } allocation)
            return;
        if (before.Allocation is null)
            Allocation(allocation, claim.Spec.Devices, StatusPath.Child("allocation"), errors);
        else if (!allocation.SemanticEquals(before.Allocation))
            errors.Invalid(StatusPath.Child("allocation"), FieldChecks.JsonValue.Of(allocation.WriteJson), FieldChecks.Immutability);
    }

    private static string Key(string driver, string pool, string device, string? share) =>
        string.IsNullOrEmpty(share) ? $"{driver}/{pool}/{device}" : $"{driver}/{pool}/{device}/{share}";

    private static void Consumer(ResourceClaimConsumerReference consumer, FieldPath path, FieldErrorList errors)
    {
        if (consumer.Resource.Length == 0)
            errors.Required(path.Child("resource"));
        if (consumer.Name.Length == 0)
            errors.Required(path.Child("name"));
        if (consumer.UID.Length == 0)
            errors.Required(path.Child("uid"));
    }

    private static void Device(AllocatedDeviceStatus device, HashSet<string> allocated, FieldPath path, FieldErrorList errors)
    {
        DeviceChecks.Driver(device.Driver, path.Child("driver"), errors);
        DeviceChecks.Pool(device.Pool, path.Child("pool"), errors);
        DeviceChecks.Label(device.Device, path.Child("device"), errors);
        if (device.ShareID is { } share)
            DeviceChecks.Uid(share, path.Child("shareID"), errors);
        var key = Key(device.Driver, device.Pool, device.Device, device.ShareID);
        if (!allocated.Contains(key))
            errors.Invalid(path, key, "must be an allocated device in the claim");
        if (device.Conditions?.Count > MostConditions)
            errors.TooMany(path.Child("conditions"), device.Conditions.Count, MostConditions);
        ConditionChecks.Conditions(device.Conditions, path.Child("conditions"), errors);
        if (device.Data is { IsEmpty: false } data)
            DeviceChecks.Object(data, MostDataBytes, path.Child("data"), errors);
        if (device.NetworkData is { } network)
            Network(network, path.Child("networkData"), errors);
    }

    private static void Network(NetworkDeviceData network, FieldPath path, FieldErrorList errors)
    {
        if (Encoding.UTF8.GetByteCount(network.InterfaceName) > MostInterfaceNameBytes)
            errors.TooLong(path.Child("interfaceName"), MostInterfaceNameBytes);
        if (Encoding.UTF8.GetByteCount(network.HardwareAddress) > MostHardwareAddressBytes)
            errors.TooLong(path.Child("hardwareAddress"), MostHardwareAddressBytes);
        DeviceChecks.Set(network.IPs, MostAddresses, ip => ip, path.Child("ips"), errors, (ip, at) =>
        {
            if (!IpText.TryParseCidrSloppy(ip, out _, out _))
                errors.Invalid(at, ip, "must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)");
        });
    }

    private static void Allocation(AllocationResult allocation, DeviceClaim claim, FieldPath path, FieldErrorList errors)
    {
        var devices = path.Child("devices");
        DeviceChecks.Each(allocation.Devices.Results, MostResults, devices.Child("results"), errors, (result, at) =>
        {
            ClaimChecks.Reference(result.Request, claim, at.Child("request"), errors);
            DeviceChecks.Driver(result.Driver, at.Child("driver"), errors);
            DeviceChecks.Pool(result.Pool, at.Child("pool"), errors);
            DeviceChecks.Label(result.Device, at.Child("device"), errors);
            DeviceChecks.BindingConditions(result.BindingConditions, result.BindingFailureConditions, at, errors);
            DeviceChecks.Tolerations(result.Tolerations, at, errors);
            if (result.ShareID is { } share)
                DeviceChecks.Uid(share, at.Child("shareID"), errors);
        });
        // Those of the class and those of the claim.
        DeviceChecks.Each(allocation.Devices.Config, 2 * DeviceChecks.MostConfigurations, devices.Child("config"), errors, (config, at) =>
        {
            if (config.Source.Length == 0)
                errors.Required(at.Child("source"));
            else if (config.Source is not ("FromClaim" or "FromClass"))
                errors.NotSupported(at.Child("source"), config.Source, "FromClaim", "FromClass");
            ClaimChecks.References(config.Requests, claim, at, errors);
            DeviceChecks.Opaque(config.Opaque, at, errors);
        });
        if (allocation.NodeSelector is { } selector)
            AffinityValidation.NodeSelector(selector, path.Child("nodeSelector"), errors);
    }
}
