namespace Cybernetes.ApiServer.Registry;

/// <summary>
/// The feature gates of Kubernetes 1.36, one a line: name, stage, default, <c>locked</c> where the default cannot be changed, and behind
/// <c>needs</c> the gates that must be on too.
/// </summary>
internal static class FeatureGateTable
{
    public const string Text = """
        AllAlpha Alpha off
        AllBeta Beta off
        APIResponseCompression Beta on
        APIServerIdentity Beta on
        APIServerTracing GA on locked
        APIServingWithRoutine Alpha off
        AggregatedDiscoveryRemoveBetaType Deprecated on locked
        AllowDNSOnlyNodeCSR Deprecated off
        AllowInsecureKubeletCertificateSigningRequests Deprecated off
        AllowOverwriteTerminationGracePeriodSeconds Deprecated off locked
        AllowParsingUserUIDFromCertAuth Beta on
        AllowServiceExternalIPs Deprecated on
        AllowUnsafeMalformedObjectDeletion Alpha off
        AnonymousAuthConfigurableEndpoints GA on locked
        AtomicFIFO Beta on
        AuthorizeNodeWithSelectors GA on locked needs AuthorizeWithSelectors
        AuthorizePodWebsocketUpgradeCreatePermission Beta on
        AuthorizeWithSelectors GA on locked
        BtreeWatchCache GA on locked
        CBORServingAndStorage Alpha off
        CPUManagerPolicyAlphaOptions Alpha off
        CPUManagerPolicyBetaOptions Beta on
        CRDObservedGenerationTracking Beta off
        CRDValidationRatcheting GA on locked
        CRIListStreaming Alpha off
        CSIServiceAccountTokenSecrets GA on locked
        CSIVolumeHealth Alpha off
        ChangeContainerStatusOnKubeletRestart Deprecated off
        ClearingNominatedNodeNameAfterBinding Beta on
        ClientsAllowCBOR Alpha off
        ClientsPreferCBOR Alpha off
        CloudControllerManagerWatchBasedRoutesReconciliation Beta on
        CloudControllerManagerWebhook Alpha off
        ClusterTrustBundle Beta off
        ClusterTrustBundleProjection Beta off needs ClusterTrustBundle
        ComponentFlagz Beta on
        ComponentStatusz Beta on
        ConcurrentWatchObjectDecode Beta off
        ConsistentListFromCache GA on locked
        ConstrainedImpersonation Beta on
        ContainerCheckpoint Beta on
        ContainerRestartRules Beta on
        ContainerStopSignals Alpha off
        ContextualLogging Beta on
        CoordinatedLeaderElection Beta off
        CrossNamespaceVolumeDataSource Alpha off
        CustomCPUCFSQuotaPeriod Alpha off
        CustomResourceFieldSelectors GA on locked
        DRAAdminAccess GA on locked needs DynamicResourceAllocation
        DRAConsumableCapacity Beta on needs DynamicResourceAllocation
        DRADeviceBindingConditions Beta on needs DRAResourceClaimDeviceStatus,DynamicResourceAllocation
        DRADeviceTaintRules Beta off needs DRADeviceTaints
        DRADeviceTaints Beta on needs DynamicResourceAllocation
        DRAExtendedResource Beta on needs DynamicResourceAllocation
        DRAListTypeAttributes Alpha off needs DynamicResourceAllocation
        DRANodeAllocatableResources Alpha off needs DynamicResourceAllocation
        DRAPartitionableDevices Beta on needs DynamicResourceAllocation
        DRAPrioritizedList GA on needs DynamicResourceAllocation
        DRAResourceClaimDeviceStatus Beta on
        DRAResourceClaimGranularStatusAuthorization Beta on needs DynamicResourceAllocation
        DRAResourcePoolStatus Alpha off needs DynamicResourceAllocation
        DRASchedulerFilterTimeout Beta on needs DynamicResourceAllocation
        DRAWorkloadResourceClaims Alpha off needs DynamicResourceAllocation,GenericWorkload
        DeclarativeValidation GA on
        DeclarativeValidationBeta Beta on needs DeclarativeValidation
        DeclarativeValidationTakeover Beta off needs DeclarativeValidation
        DeploymentReplicaSetTerminatingReplicas Beta on
        DetectCacheInconsistency Beta on
        DisableAllocatorDualWrite GA on locked needs MultiCIDRServiceAllocator
        DisableCPUQuotaWithExclusiveCPUs Beta on
        DisableNodeKubeProxyVersion Deprecated on
        DynamicResourceAllocation GA on locked
        EnvFiles Beta on
        EventedPLEG Alpha off
        ExecProbeTimeout GA on locked
        ExternalServiceAccountTokenSigner GA on locked
        GangScheduling Alpha off needs GenericWorkload
        GenericWorkload Alpha off
        GitRepoVolumeDriver Deprecated off locked
        GracefulNodeShutdown Beta on
        GracefulNodeShutdownBasedOnPodPriority Beta on needs GracefulNodeShutdown
        HPAConfigurableTolerance Beta on
        HPAScaleToZero Alpha off
        HostnameOverride Beta on
        ImageMaximumGCAge GA on locked
        ImageVolume GA on locked
        ImageVolumeWithDigest Beta on needs ImageVolume
        InOrderInformers Beta on
        InOrderInformersBatchProcess Beta on
        InPlacePodLevelResourcesVerticalScaling Beta on needs InPlacePodVerticalScaling,NodeDeclaredFeatures,PodLevelResources
        InPlacePodVerticalScaling GA on locked
        InPlacePodVerticalScalingAllocatedStatus Deprecated off needs InPlacePodVerticalScaling
        InPlacePodVerticalScalingExclusiveCPUs Alpha off needs InPlacePodVerticalScaling
        InPlacePodVerticalScalingExclusiveMemory Alpha off needs InPlacePodVerticalScaling,MemoryManager
        InformerResourceVersion GA on
        JobManagedBy GA on locked
        JobPodReplacementPolicy GA on locked
        KMSv1 Deprecated off
        KubeletCgroupDriverFromCRI GA on locked
        KubeletCrashLoopBackOffMax Beta on
        KubeletEnsureSecretPulledImages Beta on
        KubeletFineGrainedAuthz GA on locked
        KubeletInUserNamespace Alpha off
        KubeletPSI GA on locked
        KubeletPodResourcesDynamicResources GA on
        KubeletPodResourcesGet GA on
        KubeletPodResourcesListUseActivePods Deprecated on
        KubeletRegistrationGetOnExistsOnly Deprecated off
        KubeletSeparateDiskGC Beta on
        KubeletServiceAccountTokenForCredentialProviders Beta on
        KubeletTracing GA on locked
        ListFromCacheSnapshot Beta on
        LocalStorageCapacityIsolationFSQuotaMonitoring Beta off
        LogarithmicScaleDown GA on locked
        LoggingAlphaOptions Alpha off
        LoggingBetaOptions Beta on
        ManifestBasedAdmissionControlConfig Alpha off
        MatchLabelKeysInPodAffinity GA on locked
        MatchLabelKeysInPodTopologySpread Beta on
        MatchLabelKeysInPodTopologySpreadSelectorMerge Beta on needs MatchLabelKeysInPodTopologySpread
        MaxUnavailableStatefulSet Beta off
        MemoryManager GA on locked
        MemoryQoS Alpha off
        MultiCIDRServiceAllocator GA on locked
        MutableCSINodeAllocatableCount GA on locked
        MutablePVNodeAffinity Alpha off
        MutablePodResourcesForSuspendedJobs Beta on
        MutableSchedulingDirectivesForSuspendedJobs Beta on
        MutatingAdmissionPolicy GA on locked
        NFTablesProxyMode GA on locked
        NativeHistograms Alpha off
        NodeDeclaredFeatures Beta on
        NodeInclusionPolicyInPodTopologySpread GA on locked
        NodeLogQuery GA on
        NodeSwap GA on locked
        NominatedNodeNameForExpectation Beta on
        OpenAPIEnums Beta on
        OpportunisticBatching Beta on
        OrderedNamespaceDeletion GA on locked
        PersistentVolumeClaimUnusedSinceTime Alpha off
        PodAndContainerStatsFromCRI Alpha off
        PodCertificateRequest Beta off
        PodDeletionCost Beta on
        PodLevelResourceManagers Alpha off
        PodLevelResources Beta on
        PodLifecycleSleepAction GA on locked
        PodLifecycleSleepActionAllowZero GA on locked needs PodLifecycleSleepAction
        PodLogsQuerySplitStreams Alpha off
        PodObservedGenerationTracking GA on locked
        PodReadyToStartContainersCondition Beta on
        PodSchedulingReadiness GA on locked
        PodTopologyLabelsAdmission Beta on
        PortForwardWebsockets Beta on
        PreferSameTrafficDistribution GA on locked needs ServiceTrafficDistribution
        PreventStaticPodAPIReferences Beta on
        ProcMountType GA on locked needs UserNamespacesSupport
        QOSReserved Alpha off
        RecoverVolumeExpansionFailure GA on locked
        RecursiveReadOnlyMounts GA on locked
        ReduceDefaultCrashLoopBackOffDecay Alpha off
        RelaxedDNSSearchValidation GA on locked
        RelaxedEnvironmentVariableValidation GA on locked
        RelaxedServiceNameValidation Alpha off
        ReloadKubeletClientCAFile Beta on
        ReloadKubeletServerCertificateFile Beta on
        RemoteRequestHeaderUID Beta on
        ResilientWatchCacheInitialization GA on locked
        ResourceHealthStatus Beta on
        RestartAllContainersOnContainerExits Beta on needs ContainerRestartRules,NodeDeclaredFeatures
        RetryGenerateName GA on locked
        RotateKubeletServerCertificate Beta on
        RuntimeClassInImageCriAPI Alpha off
        SELinuxChangePolicy GA on needs SELinuxMountReadWriteOncePod
        SELinuxMount Beta off needs SELinuxChangePolicy,SELinuxMountReadWriteOncePod
        SELinuxMountReadWriteOncePod GA on
        SchedulerAsyncAPICalls Beta off
        SchedulerAsyncPreemption Beta on
        SchedulerPopFromBackoffQ Beta on
        SchedulerQueueingHints GA on locked
        SeparateCacheWatchRPC Deprecated off
        SeparateTaintEvictionController GA on locked
        ServiceAccountNodeAudienceRestriction Beta on
        ServiceAccountTokenJTI GA on locked
        ServiceAccountTokenNodeBinding GA on locked needs ServiceAccountTokenNodeBindingValidation
        ServiceAccountTokenNodeBindingValidation GA on locked
        ServiceAccountTokenPodNodeInfo GA on locked
        ServiceTrafficDistribution GA on locked
        ShardedListAndWatch Alpha off
        SidecarContainers GA on locked
        SizeBasedListCostEstimate Beta on
        StaleControllerConsistencyDaemonSet Beta on
        StaleControllerConsistencyJob Beta on
        StaleControllerConsistencyReplicaSet Beta on
        StaleControllerConsistencyStatefulSet Beta on
        StatefulSetSemanticRevisionComparison Beta on
        StorageCapacityScoring Alpha off
        StorageNamespaceIndex Deprecated on
        StorageVersionAPI Alpha off needs APIServerIdentity
        StorageVersionHash Beta on
        StorageVersionMigrator Beta off
        StreamingCollectionEncodingToJSON GA on locked
        StreamingCollectionEncodingToProtobuf GA on locked
        StrictIPCIDRValidation Alpha off
        StructuredAuthenticationConfiguration GA on locked
        StructuredAuthenticationConfigurationEgressSelector Beta on needs StructuredAuthenticationConfiguration
        StructuredAuthenticationConfigurationJWKSMetrics Beta on needs StructuredAuthenticationConfiguration
        StructuredAuthorizationConfiguration GA on locked
        SupplementalGroupsPolicy GA on locked
        SystemdWatchdog GA on locked
        TaintTolerationComparisonOperators Alpha off
        TokenRequestServiceAccountUIDValidation Beta on
        TopologyAwareHints GA on locked
        TopologyAwareWorkloadScheduling Alpha off needs GenericWorkload
        TopologyManagerPolicyAlphaOptions Alpha off needs TopologyManagerPolicyOptions
        TopologyManagerPolicyBetaOptions Beta on needs TopologyManagerPolicyOptions
        TopologyManagerPolicyOptions GA on
        TranslateStreamCloseWebsocketRequests Beta on
        UnauthenticatedHTTP2DOSMitigation Beta on
        UnknownVersionInteroperabilityProxy Beta on needs APIServerIdentity
        UnlockWhileProcessingFIFO Beta on needs AtomicFIFO
        UserNamespacesHostNetworkSupport Alpha off needs UserNamespacesSupport
        UserNamespacesSupport GA on
        VolumeAttributesClass GA on locked
        VolumeLimitScaling Alpha off
        WatchCacheInitializationPostStartHook Beta on
        WatchFromStorageWithoutResourceVersion Deprecated off locked
        WatchList Beta on
        WatchListClient Beta on
        WinDSR GA on locked
        WinOverlay GA on locked
        WindowsCPUAndMemoryAffinity Alpha off
        WindowsGracefulNodeShutdown Beta on
        WindowsHostNetwork Deprecated off
        WorkloadAwarePreemption Alpha off needs GangScheduling
        WorkloadWithJob Alpha off needs GenericWorkload
        """;
}
