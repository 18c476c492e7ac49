using System.Text;
using System.Text.Json;
using Cybernetes.Foundation.Files;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Cybernetes.Client.Kubeconfig;

/// <summary>
/// One cluster, one user and the context that joins them, under their names: what <see cref="KubeconfigWriter"/> writes.
/// </summary>
public sealed record KubeconfigAccess
{
    public required string ClusterName { get; init; }
    public required KubeconfigCluster Cluster { get; init; }
    public required string UserName { get; init; }
    public required KubeconfigUser User { get; init; }

    /// <summary>Default: USER@CLUSTER, as kubeadm names it.</summary>
    public string ContextName { get => field ?? $"{UserName}@{ClusterName}"; init; }

    /// <summary>The context's default namespace; empty leaves it out.</summary>
    public string Namespace { get; init; } = "";
}

/// <summary>
/// Writes kubeconfigs: whole files for components, and single entries merged into a user's file. Always mode 0600 and by an
/// atomic
/// rename. Only the fields that Cybernetes itself hands out are written (addresses, authority, certificate or token).
/// </summary>
public static class KubeconfigWriter
{
    /// <summary>
    /// Writes a file that holds this access only, and makes its context current. A file that says just this already is left
    /// alone.
    /// </summary>
    public static void Write(string path, KubeconfigAccess access)
    {
        byte[] content = Encoding.UTF8.GetBytes(Format(access));
        if (File.Exists(path) && File.ReadAllBytes(path).AsSpan().SequenceEqual(content))
            return;
        CreateDirectory(path);
        AtomicFile.Write(path, content, AtomicFile.OwnerOnly);
    }

    /// <summary>
    /// Puts the three entries into the file at <paramref name="path"/>, which is made when missing. Entries of other names,
    /// unknown fields and
    /// extensions stay; entries of the same names are replaced. The current context is set only when there is none, or when it
    /// names a
    /// context that is not there, unless <paramref name="makeCurrent"/>. Comments are lost, as kubectl loses them.
    /// </summary>
    /// <returns>Whether the context is the current one now.</returns>
    /// <exception cref="KubeconfigException">The file there is no kubeconfig, or another process holds its lock: it is left
    /// untouched.</exception>
    public static bool Merge(string path, KubeconfigAccess access, bool makeCurrent = false)
    {
        CreateDirectory(path);
        using KubeconfigLock held = KubeconfigLock.Take(path + ".lock");
        string existing = File.Exists(path) ? File.ReadAllText(path) : "";
        YamlMappingNode? root = KubeconfigFile.ParseRoot(existing, path);
        if (root is null)
        {
            AtomicFile.Write(path, Encoding.UTF8.GetBytes(Format(access)), AtomicFile.OwnerOnly);
            return true;
        }

        // Read it once in full: a file that kubectl could not read is not ours to rewrite.
        KubeconfigFile parsed = KubeconfigFile.Parse(existing, path);
        YamlMappingNode addition = KubeconfigFile.ParseRoot(Format(access), path)!;
        ReplaceNamed(root, addition, "clusters");
        ReplaceNamed(root, addition, "users");
        ReplaceNamed(root, addition, "contexts");
        bool isCurrent = makeCurrent || parsed.CurrentContext == access.ContextName
            || !parsed.Contexts.ContainsKey(parsed.CurrentContext);
        if (isCurrent)
            Set(root, "current-context", new YamlScalarNode(access.ContextName));
        AtomicFile.Write(path, Encoding.UTF8.GetBytes(Print(root)), AtomicFile.OwnerOnly);
        return isCurrent;
    }

    private static void CreateDirectory(string path)
    {
        string directory = Path.GetDirectoryName(Path.GetFullPath(path))!;
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(directory);
        else
            Directory.CreateDirectory(directory, AtomicFile.OwnerOnly | UnixFileMode.UserExecute);
    }

    private static void ReplaceNamed(YamlMappingNode root, YamlMappingNode addition, string listName)
    {
        var added = (YamlMappingNode)((YamlSequenceNode)KubeconfigYaml.Find(addition, listName)!).Children[0];
        string name = NameOf(added)!;
        if (KubeconfigYaml.Find(root, listName) is not YamlSequenceNode list)
        {
            list = new YamlSequenceNode();
            Set(root, listName, list);
        }

        int first = -1;
        for (int i = list.Children.Count - 1; i >= 0; i--)
        {
            if (NameOf(list.Children[i]) != name)
                continue;
            list.Children.RemoveAt(i);
            first = i;
        }
        list.Children.Insert(first < 0 ? list.Children.Count : first, added);
    }

    private static string? NameOf(YamlNode entry) =>
        entry is YamlMappingNode mapping ? (KubeconfigYaml.Find(mapping, "name") as YamlScalarNode)?.Value : null;

    private static void Set(YamlMappingNode root, string field, YamlNode value)
    {
        foreach (YamlNode key in root.Children.Keys)
        {
            if (key is not YamlScalarNode scalar || scalar.Value != field)
                continue;
            root.Children[key] = value;
            return;
        }
        root.Add(field, value);
    }

    private static string Print(YamlMappingNode root)
    {
        using var text = new StringWriter { NewLine = "\n" };
        new YamlStream(new YamlDocument(root)).Save(
            new Emitter(text, new EmitterSettings(2, int.MaxValue, false, 1024)), assignAnchors: false);
        string printed = text.ToString();
        const string documentEnd = "...\n";
        return printed.EndsWith(documentEnd, StringComparison.Ordinal) ? printed[..^documentEnd.Length] : printed;
    }

    /// <summary>The text of a kubeconfig that holds this access only.</summary>
    // Written by hand: it is small, and the server's start should not pay for a YAML emitter.
    public static string Format(KubeconfigAccess access)
    {
        var text = new StringBuilder("apiVersion: v1\nkind: Config\nclusters:\n- name: ");
        text.Append(Quoted(access.ClusterName)).Append("\n  cluster:\n");
        Field(text, "server", access.Cluster.Server);
        Field(text, "tls-server-name", access.Cluster.TlsServerName);
        Field(text, "certificate-authority", access.Cluster.CertificateAuthority);
        Field(text, "certificate-authority-data", access.Cluster.CertificateAuthorityData);
        if (access.Cluster.InsecureSkipTlsVerify)
            text.Append("    insecure-skip-tls-verify: true\n");
        text.Append("users:\n- name: ").Append(Quoted(access.UserName)).Append("\n  user:\n");
        Field(text, "client-certificate", access.User.ClientCertificate);
        Field(text, "client-certificate-data", access.User.ClientCertificateData);
        Field(text, "client-key", access.User.ClientKey);
        Field(text, "client-key-data", access.User.ClientKeyData);
        Field(text, "token", access.User.Token);
        Field(text, "tokenFile", access.User.TokenFile);
        text.Append("contexts:\n- name: ").Append(Quoted(access.ContextName)).Append("\n  context:\n");
        Field(text, "cluster", access.ClusterName);
        Field(text, "user", access.UserName);
        Field(text, "namespace", access.Namespace);
        return text.Append("current-context: ").Append(Quoted(access.ContextName)).Append("\npreferences: {}\n").ToString();
    }

    private static void Field(StringBuilder text, string name, string value)
    {
        if (value.Length > 0)
            text.Append("    ").Append(name).Append(": ").Append(Quoted(value)).Append('\n');
    }

    private static void Field(StringBuilder text, string name, byte[]? value)
    {
        if (value is not null)
            text.Append("    ").Append(name).Append(": ").Append(Convert.ToBase64String(value)).Append('\n');
    }

    // A JSON string is a YAML double-quoted scalar; plain words stay plain, for the reader's sake.
    private static string Quoted(string value) =>
        value.Length > 0 && char.IsAsciiLetter(value[0]) && value.AsSpan().IndexOfAnyExcept(plain) < 0 && !IsReservedWord(value)
            ? value
            : $"\"{JsonEncodedText.Encode(value)}\"";

    private static bool IsReservedWord(string value) =>
        value.ToLowerInvariant() is "true" or "false" or "null" or "yes" or "no" or "on" or "off" or "y" or "n";

    private static readonly System.Buffers.SearchValues<char> plain =
        System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./@");
}
