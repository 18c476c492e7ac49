using Cybernetes.ApiServer.Registry.AdmissionRegistration;
using Cybernetes.ApiServer.Registry.ApiServerInternal;
using Cybernetes.ApiServer.Registry.Apps;
using Cybernetes.ApiServer.Registry.Autoscaling;
using Cybernetes.ApiServer.Registry.Batch;
using Cybernetes.ApiServer.Registry.Certificates;
using Cybernetes.ApiServer.Registry.Coordination;
using Cybernetes.ApiServer.Registry.Core;
using Cybernetes.ApiServer.Registry.Core.Pods;
using Cybernetes.ApiServer.Registry.Core.Quotas;
using Cybernetes.ApiServer.Registry.Core.Services;
using Cybernetes.ApiServer.Registry.Core.Volumes;
using Cybernetes.ApiServer.Registry.Discovery;
using Cybernetes.ApiServer.Registry.Events;
using Cybernetes.ApiServer.Registry.FlowControl;
using Cybernetes.ApiServer.Registry.Networking;
using Cybernetes.ApiServer.Registry.NodeRuntime;
using Cybernetes.ApiServer.Registry.Policy;
using Cybernetes.ApiServer.Registry.Rbac;
using Cybernetes.ApiServer.Registry.ResourceAllocation;
using Cybernetes.ApiServer.Registry.Reviews;
using Cybernetes.ApiServer.Registry.Scheduling;
using Cybernetes.ApiServer.Registry.Settings;
using Cybernetes.ApiServer.Registry.Snapshots;
using Cybernetes.ApiServer.Registry.Storage;
using Cybernetes.ApiServer.Registry.StorageMigration;

namespace Cybernetes.ApiServer.Registry;

/// <summary>The visible list of the kinds this server is built with. A new kind is one file and one line here.</summary>
internal static class BuiltInKinds
{
    /// <summary>All of them. <paramref name="services"/> is for the few that need more than their objects.</summary>
    public static IReadOnlyList<KindDefinition> All(KindServices services) =>
    [
        new ComponentStatusKind(),
        new ConfigMapKind(),
        new EndpointsKind(),
        new EventKind(services.EventTimeToLive),
        new LimitRangeKind(),
        new NamespaceKind(),
        new NodeKind(services.Proxies),
        new PersistentVolumeKind(),
        new PersistentVolumeClaimKind(),
        new PodKind(services.Kubelets, services.Proxies),
        new ResourceQuotaKind(),
        new SecretKind(),
        new ServiceKind(services.ServiceAddresses, services.Proxies),
        new ServiceAccountKind(services.Tokens),
        new ReplicationControllerKind(),
        new PodTemplateKind(),
        new ControllerRevisionKind(),
        new DaemonSetKind(),
        new DeploymentKind(),
        new ReplicaSetKind(),
        new HorizontalPodAutoscalerKind(services.Gates),
        new StatefulSetKind(services.Gates),
        new JobKind(services.Gates),
        new CronJobKind(),
        new PodDisruptionBudgetKind(),
        new PodSecurityPolicyKind(),
        new PodPresetKind(),
        new ValidatingWebhookConfigurationKind(),
        new MutatingWebhookConfigurationKind(),
        new ValidatingAdmissionPolicyKind(),
        new ValidatingAdmissionPolicyBindingKind(),
        new MutatingAdmissionPolicyKind(),
        new MutatingAdmissionPolicyBindingKind(),
        new DeviceClassKind(),
        new ResourceClaimKind(),
        new ResourceClaimTemplateKind(),
        new ResourceSliceKind(),
        new DeviceTaintRuleKind(),
        new ResourcePoolStatusRequestKind(),
        new LeaseKind(),
        new LeaseCandidateKind(),
        new BindingKind(),
        new PriorityClassKind(),
        new WorkloadKind(),
        new PodGroupKind(),
        new RuntimeClassKind(),
        new CertificateSigningRequestKind(),
        new ClusterTrustBundleKind(),
        new PodCertificateRequestKind(),
        new TokenReviewKind(services.Tokens),
        new SelfSubjectReviewKind(),
        new SubjectAccessReviewKind(),
        new LocalSubjectAccessReviewKind(),
        new SelfSubjectAccessReviewKind(),
        new SelfSubjectRulesReviewKind(),
        new FlowSchemaKind(),
        new PriorityLevelKind(),
        new StorageVersionKind(),
        new StorageVersionMigrationKind(),
        new EndpointSliceKind(),
        new IngressKind(),
        new IngressClassKind(),
        new IPAddressKind(),
        new NetworkPolicyKind(),
        new ServiceCIDRKind(),
        new ClusterRoleKind(),
        new ClusterRoleBindingKind(),
        new RoleKind(),
        new RoleBindingKind(),
        new CSIDriverKind(),
        new CSINodeKind(),
        new CSIStorageCapacityKind(),
        new StorageClassKind(),
        new VolumeAttachmentKind(),
        new VolumeAttributesClassKind(),
        new VolumeSnapshotKind(),
        new VolumeSnapshotClassKind(),
        new VolumeSnapshotContentKind(),
    ];
}
