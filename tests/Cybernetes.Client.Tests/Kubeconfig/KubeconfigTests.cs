using System.Text;
using Cybernetes.Client.Kubeconfig;

namespace Cybernetes.Client.Tests.Kubeconfig;

public sealed class KubeconfigTests : IDisposable
{
    private const string Foreign = """
        apiVersion: v1
        kind: Config
        preferences: {colors: true}
        clusters:
        - name: prod
          cluster:
            server: https://prod.example:6443
            extensions:
            - name: tool
              extension: {owner: someone, version: "1.10"}
        - name: cybernetes
          cluster: {server: "https://old:1"}
        users:
        - name: me
          user:
            exec: {command: aws-iam, apiVersion: client.authentication.k8s.io/v1}
        contexts:
        - name: me@prod
          context: {cluster: prod, user: me, namespace: web}
        current-context: me@prod
        """;

    private readonly string _directory = Directory.CreateTempSubdirectory("kubeconfig").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Load_AllFields_AreRead()
    {
        KubeconfigFile file = KubeconfigFile.Load(File("config", """
            clusters:
            - name: c
              cluster:
                server: https://10.0.0.1:6443
                tls-server-name: api.internal
                insecure-skip-tls-verify: true
                certificate-authority: pki/ca.crt
                proxy-url: http://proxy:3128
                disable-compression: true
            users:
            - name: u
              user:
                client-certificate: ../u.crt
                client-key-data: aGVsbG8=
                tokenFile: /run/token
                token: abc
                username: name
                password: "00123"
                as: other
                as-uid: "7"
                as-groups: [one, two]
                as-user-extra: {scope: [a, b]}
            contexts:
            - name: x
              context: {cluster: c, user: u, namespace: ns}
            current-context: x
            """));
        KubeconfigCluster cluster = file.Clusters["c"];
        KubeconfigUser user = file.Users["u"];
        Assert.Equal("https://10.0.0.1:6443", cluster.Server);
        Assert.Equal("api.internal", cluster.TlsServerName);
        Assert.True(cluster.InsecureSkipTlsVerify);
        Assert.True(cluster.DisableCompression);
        Assert.Equal(Path.Combine(_directory, "pki/ca.crt"), cluster.CertificateAuthority);
        Assert.Equal("http://proxy:3128", cluster.ProxyUrl);
        Assert.Equal(Path.GetFullPath(Path.Combine(_directory, "../u.crt")), user.ClientCertificate);
        Assert.Equal("hello"u8.ToArray(), user.ClientKeyData);
        Assert.Equal(("/run/token", "abc", "name", "00123"), (user.TokenFile, user.Token, user.Username, user.Password));
        Assert.Equal(("other", "7"), (user.ActAs, user.ActAsUid));
        Assert.Equal(["one", "two"], user.ActAsGroups);
        Assert.Equal(["a", "b"], user.ActAsExtra["scope"]);
        Assert.Equal(new KubeconfigContext { Cluster = "c", User = "u", Namespace = "ns" }, file.Contexts["x"]);
    }

    [Theory]
    [InlineData("a: [", "error loading config file")]
    [InlineData("- a", "not a mapping")]
    [InlineData("kind: Pod", "no kind \"Pod\" is registered")]
    [InlineData("apiVersion: v2", "no version \"v2\" is registered")]
    [InlineData("clusters: {}", "clusters is not a list")]
    [InlineData("clusters: [{cluster: {}}]", "an entry has no name")]
    [InlineData("clusters: [{name: a, cluster: {insecure-skip-tls-verify: maybe}}]", "\"maybe\" is not a boolean")]
    [InlineData("clusters: [{name: a, cluster: {certificate-authority-data: '%%'}}]", "is not valid base64")]
    public void Parse_BadFile_SaysWhatIsWrong(string text, string expected)
    {
        KubeconfigException failure = Assert.Throws<KubeconfigException>(() => KubeconfigFile.Parse(text, "/x/config"));
        Assert.Contains(expected, failure.Message);
        Assert.Contains("/x/config", failure.Message);
    }

    [Theory]
    [InlineData("", "token: t", null, "cluster \"c\" has no server defined")]
    [InlineData("server: ftp://a", "token: t", null, "is not an http or https address")]
    [InlineData("server: https://a", "exec: {command: aws}", null, "exec credential plugins (command \"aws\") are not supported")]
    [InlineData("server: https://a", "auth-provider: {name: gcp}", null, "no Auth Provider found for name \"gcp\"")]
    [InlineData("server: https://a", "{token: t, username: u}", null, "more than one authentication method found")]
    [InlineData("server: https://a", "client-certificate-data: YQ==", null, "must be given together")]
    [InlineData("server: https://a", "client-certificate: missing.crt", null, "unable to read client-certificate")]
    [InlineData("server: https://a", "as-groups: [a]", null, "without impersonating a user")]
    [InlineData("{server: https://a, proxy-url: 'ftp://p'}", "token: t", null, "must be an http, https or socks5 address")]
    [InlineData("server: https://a", "token: t", "nope", "context \"nope\" does not exist")]
    public void Resolve_UnusableContext_SaysWhy(string cluster, string user, string? context, string expected)
    {
        KubeconfigFile file = KubeconfigFile.Parse(Minimal(cluster, user), Path.Combine(_directory, "config"));
        KubeconfigException failure = Assert.Throws<KubeconfigException>(() => file.Resolve(context));
        Assert.Contains(expected, failure.Message);
    }

    [Fact]
    public void Resolve_TokenFileAndToken_TheFileWins()
    {
        KubeconfigFile file = KubeconfigFile.Parse(Minimal("server: 10.0.0.1:6443", "{token: t, tokenFile: /run/t}"), "/x");
        ClusterAccess access = file.Resolve();
        Assert.Equal(("", "/run/t"), (access.Token, access.TokenFile));
        Assert.Equal("https://10.0.0.1:6443/", access.Server.ToString());
        Assert.Equal("default", access.Namespace);
    }

    [Fact]
    public void LoadMerged_SeveralFiles_TheFirstWins()
    {
        string first = File("one", "clusters: [{name: a, cluster: {server: https://one}}]\ncurrent-context: x");
        string second = File(
            "two", "clusters: [{name: a, cluster: {server: https://two}}, {name: b, cluster: {server: https://b}}]");
        KubeconfigFile merged = KubeconfigFile.LoadMerged([first, Path.Combine(_directory, "none"), second]);
        Assert.Equal("https://one", merged.Clusters["a"].Server);
        Assert.Equal("https://b", merged.Clusters["b"].Server);
        Assert.Equal("x", merged.CurrentContext);
        Assert.Throws<KubeconfigException>(() => KubeconfigFile.LoadMerged([Path.Combine(_directory, "none")]));
    }

    [Fact]
    public void Merge_NoFile_MakesOneForTheOwnerOnly()
    {
        string path = Path.Combine(_directory, "new/sub/config");
        Assert.True(KubeconfigWriter.Merge(path, Ours()));
        KubeconfigFile file = KubeconfigFile.Load(path);
        Assert.Equal("admin@cybernetes", file.CurrentContext);
        Assert.Equal("https://127.0.0.1:6443", file.Clusters["cybernetes"].Server);
        Assert.Equal("ca"u8.ToArray(), file.Clusters["cybernetes"].CertificateAuthorityData);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(path));
        Assert.Equal(["config"], Directory.GetFiles(Path.GetDirectoryName(path)!).Select(Path.GetFileName));
    }

    [Fact]
    public void Merge_ForeignEntries_StayAsTheyAre()
    {
        string path = File("config", Foreign);
        Assert.False(KubeconfigWriter.Merge(path, Ours()));
        Assert.False(KubeconfigWriter.Merge(path, Ours()));
        KubeconfigFile file = KubeconfigFile.Load(path);
        Assert.Equal("me@prod", file.CurrentContext);
        Assert.Equal("https://prod.example:6443", file.Clusters["prod"].Server);
        Assert.Equal("https://127.0.0.1:6443", file.Clusters["cybernetes"].Server);
        Assert.Equal("aws-iam", file.Users["me"].ExecCommand);
        Assert.Equal("web", file.Contexts["me@prod"].Namespace);
        Assert.Equal((2, 2, 2), (file.Clusters.Count, file.Users.Count, file.Contexts.Count));
        string text = System.IO.File.ReadAllText(path);
        Assert.Contains("colors: true", text);
        Assert.Contains("owner: someone", text);
        // Still a string for whoever reads it next.
        Assert.Contains("\"1.10\"", text);
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("current-context: gone", true)]
    [InlineData("current-context: ''", true)]
    [InlineData("{clusters: null, contexts: [{name: mine, context: {}}], current-context: mine}", false)]
    public void Merge_CurrentContext_IsSetOnlyWhenThereIsNone(string text, bool expected)
    {
        string path = File("config", text);
        Assert.Equal(expected, KubeconfigWriter.Merge(path, Ours()));
        Assert.Equal(expected ? "admin@cybernetes" : "mine", KubeconfigFile.Load(path).CurrentContext);
        Assert.True(KubeconfigWriter.Merge(path, Ours(), makeCurrent: true));
        Assert.Equal("admin@cybernetes", KubeconfigFile.Load(path).CurrentContext);
    }

    [Theory]
    [InlineData("a: [")]
    [InlineData("kind: Secret")]
    public void Merge_NoKubeconfigThere_LeavesItUntouched(string text)
    {
        string path = File("config", text);
        Assert.Throws<KubeconfigException>(() => KubeconfigWriter.Merge(path, Ours()));
        Assert.Equal(text, System.IO.File.ReadAllText(path));
        Assert.False(System.IO.File.Exists(path + ".lock"));
    }

    [Fact]
    public void Merge_AnotherHoldsTheLock_SaysSo()
    {
        string path = File("config", Foreign);
        File("config.lock", "");
        KubeconfigException failure = Assert.Throws<KubeconfigException>(() => KubeconfigWriter.Merge(path, Ours()));
        Assert.Contains("config.lock is there", failure.Message);
        Assert.Equal(Foreign, System.IO.File.ReadAllText(path));
    }

    [Fact]
    public void Merge_LockLeftBehindByADeadProcess_IsTakenOver()
    {
        if (OperatingSystem.IsWindows())
            return; // the system removes it with its process
        string path = File("config", Foreign);
        File("config.lock", "cybernetes\n");
        KubeconfigWriter.Merge(path, Ours());
        Assert.Contains("127.0.0.1", System.IO.File.ReadAllText(path));
        Assert.Equal(["config"], Directory.GetFiles(_directory).Select(Path.GetFileName));
    }

    [Fact]
    public void Merge_LockHeldByALivingProcess_IsNotTakenOver()
    {
        string path = File("config", Foreign);
        using (KubeconfigLock.Take(path + ".lock"))
            Assert.Throws<KubeconfigException>(() => KubeconfigWriter.Merge(path, Ours()));
        Assert.Equal(Foreign, System.IO.File.ReadAllText(path));
        KubeconfigWriter.Merge(path, Ours());
        Assert.Equal(["config"], Directory.GetFiles(_directory).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Lock_ManyWantIt_IsHeldByOneAtATime()
    {
        string path = Path.Combine(_directory, "config.lock");
        if (!OperatingSystem.IsWindows())
            File("config.lock", "cybernetes\n"); // left behind, to begin with
        int holders = 0;
        int taken = 0;
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (int i = 0; i < 200; i++)
            {
                try
                {
                    using KubeconfigLock held = KubeconfigLock.Take(path);
                    Assert.Equal(1, Interlocked.Increment(ref holders));
                    Interlocked.Increment(ref taken);
                    Interlocked.Decrement(ref holders);
                }
                catch (KubeconfigException)
                {
                    // Another has it.
                }
            }
        })));
        Assert.InRange(taken, 1, 800);
        Assert.Empty(Directory.GetFiles(_directory));
    }

    [Fact]
    public void Merge_NothingNewInAFileThatOthersMayRead_MakesItTheOwners()
    {
        if (OperatingSystem.IsWindows())
            return;
        string path = File("config", Foreign);
        KubeconfigWriter.Merge(path, Ours());
        System.IO.File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        KubeconfigWriter.Merge(path, Ours());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(path));
    }

    [Fact]
    public void Merge_SymbolicLink_StaysALink()
    {
        if (OperatingSystem.IsWindows())
            return;
        string target = File("real", Foreign);
        string link = Path.Combine(_directory, "link");
        System.IO.File.CreateSymbolicLink(link, target);
        KubeconfigWriter.Merge(link, Ours());
        Assert.NotNull(new FileInfo(link).LinkTarget);
        Assert.Contains("127.0.0.1", System.IO.File.ReadAllText(target));
    }

    [Fact]
    public void DefaultPaths_SeveralGiven_FlagThenVariableThenHome()
    {
        var environment = new Dictionary<string, string?> { ["KUBECONFIG"] = "/a:/b", ["HOME"] = "/home/me" };
        Assert.Equal(["/f"], KubeconfigFile.DefaultPaths("/f", environment.GetValueOrDefault));
        Assert.Equal(["/a", "/b"], KubeconfigFile.DefaultPaths(null, environment.GetValueOrDefault));
        environment.Remove("KUBECONFIG");
        Assert.Equal(["/home/me/.kube/config"], KubeconfigFile.DefaultPaths("", environment.GetValueOrDefault));
    }

    private static KubeconfigAccess Ours() => new()
    {
        ClusterName = "cybernetes",
        Cluster = new KubeconfigCluster
        {
            Server = "https://127.0.0.1:6443",
            CertificateAuthorityData = Encoding.ASCII.GetBytes("ca")
        },
        UserName = "admin",
        User = new KubeconfigUser { Token = "yes" },
    };

    private static string Minimal(string cluster, string user) => $$$"""
        clusters: [{name: c, cluster: {{{Braced(cluster)}}} }]
        users: [{name: u, user: {{{Braced(user)}}} }]
        contexts: [{name: x, context: {cluster: c, user: u}}]
        current-context: x
        """;

    private static string Braced(string text) => text.StartsWith('{') ? text : "{" + text + "}";

    private string File(string name, string text)
    {
        string path = Path.Combine(_directory, name);
        System.IO.File.WriteAllText(path, text);
        return path;
    }
}
