using Cybernetes.Objects;
using Cybernetes.Objects.Resource.V1;
using V1beta1 = Cybernetes.Objects.Resource.V1beta1;

namespace Cybernetes.ApiServer.Registry.ResourceAllocation;

/// <summary>v1beta1 has the fields of an exact request in the request itself, v1 in <c>exactly</c>.</summary>
internal static class DeviceRequestConversion
{
    public static void ToStored(V1beta1.DeviceClaim served, DeviceClaim stored)
    {
        for (var i = 0; i < (served.Requests?.Count ?? 0); i++)
        {
            var request = served.Requests![i];
            var isExact = request.DeviceClassName.Length > 0 || request.Selectors is not null || request.AllocationMode.Length > 0
                || request.Count != 0 || request.AdminAccess is not null || request.Tolerations is not null || request.Capacity is not null;
            stored.Requests![i].Exactly = isExact ? FieldCarry.Over<V1beta1.DeviceRequest, ExactDeviceRequest>(request) : null;
        }
    }

    public static void FromStored(DeviceClaim stored, V1beta1.DeviceClaim served)
    {
        for (var i = 0; i < (stored.Requests?.Count ?? 0); i++)
        {
            var request = stored.Requests![i];
            if (request.Exactly is not { } exactly)
                continue;
            var flat = FieldCarry.Over<ExactDeviceRequest, V1beta1.DeviceRequest>(exactly);
            flat.Name = request.Name;
            flat.FirstAvailable = served.Requests![i].FirstAvailable;
            served.Requests[i] = flat;
        }
    }
}
