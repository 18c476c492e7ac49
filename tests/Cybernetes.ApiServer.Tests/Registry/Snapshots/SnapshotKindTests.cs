using Cybernetes.ApiServer.Registry.Snapshots;
using Cybernetes.Objects.Snapshot.V1;

namespace Cybernetes.ApiServer.Tests.Registry.Snapshots;

/// <summary>What upstream's custom resource definitions rule, here of kinds that are built in.</summary>
public sealed class SnapshotKindTests
{
    private const string Path = "/apis/snapshot.storage.k8s.io/v1/namespaces/default/volumesnapshots";
    private const string Sample =
        """{"apiVersion":"snapshot.storage.k8s.io/v1","kind":"VolumeSnapshot","metadata":{"name":"s"},"spec":{"source":{"persistentVolumeClaimName":"data"}}}""";

    private static readonly VolumeSnapshotKind Snapshot = new();
    private static readonly VolumeSnapshotClassKind Class = new();
    private static readonly VolumeSnapshotContentKind Content = new();

    [Theory]
    [InlineData("""{"source":{"persistentVolumeClaimName":"c"}}""", "")]
    [InlineData("""{"source":{"volumeSnapshotContentName":"c"},"volumeSnapshotClassName":"k"}""", "")]
    [InlineData("{}", "spec.source: Invalid value: exactly one of volumeSnapshotContentName and persistentVolumeClaimName must be set")]
    [InlineData("""{"source":{"persistentVolumeClaimName":"c","volumeSnapshotContentName":"d"}}""",
        "spec.source: Invalid value: exactly one of volumeSnapshotContentName and persistentVolumeClaimName must be set")]
    [InlineData("""{"source":{"persistentVolumeClaimName":"c"},"volumeSnapshotClassName":""}""",
        "spec.volumeSnapshotClassName: Invalid value: \"\": volumeSnapshotClassName must not be the empty string when set")]
    public void CreateSnapshot_Spec_IsJudged(string spec, string expected) =>
        Assert.Equal(Lines(expected), KindBench.CreateErrors(Snapshot, Of(spec)));

    [Theory]
    [InlineData("""{"source":{"persistentVolumeClaimName":"c"},"volumeSnapshotClassName":"later"}""", "")]
    [InlineData("""{"source":{"persistentVolumeClaimName":"d"}}""",
        "spec.source.persistentVolumeClaimName: Invalid value: \"d\": persistentVolumeClaimName is immutable")]
    [InlineData("""{"source":{"volumeSnapshotContentName":"d"}}""", "spec.source: Invalid value: persistentVolumeClaimName is required once set")]
    public void UpdateSnapshot_Source_IsForGood(string spec, string expected) =>
        Assert.Equal(Lines(expected), KindBench.UpdateErrors(Snapshot, Of("""{"source":{"persistentVolumeClaimName":"c"}}"""), Of(spec)));

    [Theory]
    [InlineData("""{"driver":"d","deletionPolicy":"Delete","source":{"volumeHandle":"v"},"volumeSnapshotRef":{"name":"s","namespace":"n"}}""", "")]
    [InlineData("{}",
        "spec.deletionPolicy: Required value|spec.driver: Required value|spec.source: Invalid value: exactly one of volumeHandle and snapshotHandle must be set|"
        + "spec.volumeSnapshotRef: Invalid value: both spec.volumeSnapshotRef.name and spec.volumeSnapshotRef.namespace must be set")]
    [InlineData("""{"driver":"d","deletionPolicy":"Keep","source":{"volumeHandle":"v","snapshotHandle":"h"},"volumeSnapshotRef":{"name":"s"}}""",
        "spec.deletionPolicy: Unsupported value: \"Keep\": supported values: \"Delete\", \"Retain\"|"
        + "spec.source: Invalid value: exactly one of volumeHandle and snapshotHandle must be set|"
        + "spec.volumeSnapshotRef: Invalid value: both spec.volumeSnapshotRef.name and spec.volumeSnapshotRef.namespace must be set")]
    public void CreateContent_Spec_IsJudged(string spec, string expected) =>
        Assert.Equal(Lines(expected), KindBench.CreateErrors(Content, Of(spec)));

    [Theory]
    [InlineData(""" "source":{"volumeHandle":"v"},"sourceVolumeMode":"Filesystem","volumeSnapshotClassName":"k" """, "")]
    [InlineData(""" "source":{"volumeHandle":"w"},"sourceVolumeMode":"Block" """,
        "spec.source.volumeHandle: Invalid value: \"w\": volumeHandle is immutable|spec.sourceVolumeMode: Invalid value: \"Block\": sourceVolumeMode is immutable")]
    [InlineData(""" "source":{"snapshotHandle":"h"} """,
        "spec: Invalid value: sourceVolumeMode is required once set|spec.source: Invalid value: volumeHandle is required once set")]
    public void UpdateContent_Source_IsForGood(string fields, string expected)
    {
        const string Rest = """ "driver":"d","deletionPolicy":"Delete","volumeSnapshotRef":{"name":"s","namespace":"n"} """;
        Assert.Equal(Lines(expected), KindBench.UpdateErrors(Content,
            Of("{" + Rest + """,  "source":{"volumeHandle":"v"},"sourceVolumeMode":"Filesystem" }"""), Of("{" + Rest + "," + fields + "}")));
    }

    [Theory]
    [InlineData("""{"driver":"d","deletionPolicy":"Retain"}""", "")]
    [InlineData("""{"deletionPolicy":"Never"}""", "driver: Required value|deletionPolicy: Unsupported value: \"Never\": supported values: \"Delete\", \"Retain\"")]
    public void CreateClass_Fields_AreJudged(string obj, string expected) =>
        Assert.Equal(Lines(expected), KindBench.CreateErrors(Class, obj));

    [Fact]
    public void Rows_OfEachKind_ShowWhatUpstreamShows()
    {
        Assert.Equal(
            ["Name", "ReadyToUse", "SourcePVC", "SourceSnapshotContent", "RestoreSize", "SnapshotClass", "SnapshotContent", "CreationTime", "Age"],
            Snapshot.ColumnDefinitions.Select(c => c.Name));
        Assert.Equal("s | True | data |  | 1Gi | fast | content | 65s | <unknown>", KindBench.Row(Snapshot,
            """
            {"metadata":{"name":"s"},"spec":{"source":{"persistentVolumeClaimName":"data"},"volumeSnapshotClassName":"fast"},
             "status":{"readyToUse":true,"restoreSize":"1Gi","boundVolumeSnapshotContentName":"content","creationTime":"2026-01-02T03:03:00Z"}}
            """));
        Assert.Equal("s |  |  | c |  |  |  |  | <unknown>", KindBench.Row(Snapshot,
            """{"metadata":{"name":"s"},"spec":{"source":{"volumeSnapshotContentName":"c"}}}"""));
        Assert.Equal("c | False | 5 | Delete | d | k | s | n | <unknown>", KindBench.Row(Content,
            """
            {"metadata":{"name":"c"},"spec":{"driver":"d","deletionPolicy":"Delete","volumeSnapshotClassName":"k","volumeSnapshotRef":{"name":"s","namespace":"n"}},
             "status":{"readyToUse":false,"restoreSize":5}}
            """));
        Assert.Equal("k | d | Retain | <unknown>", KindBench.Row(Class, """{"metadata":{"name":"k"},"driver":"d","deletionPolicy":"Retain"}"""));
    }

    [Fact]
    public void Writes_OfSpecAndStatus_StayApart()
    {
        var created = (VolumeSnapshot)KindBench.Created(Snapshot, """{"spec":{"source":{"persistentVolumeClaimName":"c"}},"status":{"readyToUse":true}}""");
        Assert.Null(created.Status);
        Assert.Equal(1, created.Metadata.Generation);
        created.Status = new() { ReadyToUse = true };
        var updated = (VolumeSnapshot)KindBench.Updated(
            Snapshot, created, """{"spec":{"source":{"persistentVolumeClaimName":"c"},"volumeSnapshotClassName":"k"},"status":{"readyToUse":false}}""");
        Assert.True(updated.Status?.ReadyToUse);
        Assert.Equal(2, updated.Metadata.Generation);
        Assert.Equal(["status.restoreSize: Invalid value: -1: status.restoreSize in body should be greater than or equal to 0"],
            KindBench.StatusErrors(Content,
                Of("""{"driver":"d","deletionPolicy":"Delete","source":{"volumeHandle":"v"},"volumeSnapshotRef":{"name":"s","namespace":"n"}}"""),
                """{"status":{"restoreSize":-1}}"""));
    }

    [Fact]
    public async Task Server_Protobuf_IsAnsweredAsOfACustomResource()
    {
        await using var server = await ServerFixture.StartAsync();
        Assert.Equal(201, (await server.SendAsync("POST", Path, Sample)).Code);

        var (code, text) = await AskAsync(server, "application/vnd.kubernetes.protobuf");
        Assert.Equal(406, code);
        Assert.Contains("only the following media types are accepted: application/json, application/yaml", text, StringComparison.Ordinal);
        Assert.Equal(200, (await AskAsync(server, "application/vnd.kubernetes.protobuf, application/json")).Code);
        var sent = await server.SendAsync("POST", Path, "k8s\0", "application/vnd.kubernetes.protobuf");
        Assert.Equal(415, sent.Code);
        Assert.Contains("accepted media types include: application/json, application/yaml", sent.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_OlderVersion_IsServedWithAWarningAndLast()
    {
        await using var server = await ServerFixture.StartAsync();
        var older = await server.SendAsync(
            "POST", Path.Replace("/v1/", "/v1beta1/", StringComparison.Ordinal),
            Sample.Replace("k8s.io/v1\"", "k8s.io/v1beta1\"", StringComparison.Ordinal));
        Assert.Equal(201, older.Code);
        Assert.Contains("use snapshot.storage.k8s.io/v1 VolumeSnapshot", Assert.Single(older.Warnings), StringComparison.Ordinal);
        Assert.Equal("snapshot.storage.k8s.io/v1", (await server.GetAsync(Path + "/s")).Json["apiVersion"]!.GetValue<string>());
        var group = await server.GetAsync("/apis/snapshot.storage.k8s.io");
        Assert.Equal("snapshot.storage.k8s.io/v1", group.Json["preferredVersion"]!["groupVersion"]!.GetValue<string>());
    }

    private static async Task<(int Code, string Text)> AskAsync(ServerFixture server, string accept)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Path + "/s");
        request.Headers.Accept.ParseAdd(accept);
        using var response = await server.Client.SendAsync(request);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    private static string Of(string spec) => $$"""{"metadata":{"name":"n"},"spec":{{spec}}}""";

    private static string[] Lines(string expected) => expected.Length == 0 ? [] : expected.Split('|');
}
