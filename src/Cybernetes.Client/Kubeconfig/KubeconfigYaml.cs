using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Cybernetes.Client.Kubeconfig;

/// <summary>
/// Reads the entries of a kubeconfig out of YAML nodes. Fields it does not know are passed over, as client-go does.
/// </summary>
internal sealed class KubeconfigYaml(string path, string directory)
{
    public KubeconfigCluster Cluster(YamlMappingNode body) => new()
    {
        Server = Text(body, "server"),
        TlsServerName = Text(body, "tls-server-name"),
        InsecureSkipTlsVerify = Flag(body, "insecure-skip-tls-verify"),
        CertificateAuthority = FilePath(body, "certificate-authority"),
        CertificateAuthorityData = Bytes(body, "certificate-authority-data"),
        ProxyUrl = Text(body, "proxy-url"),
        DisableCompression = Flag(body, "disable-compression"),
    };

    public KubeconfigUser User(YamlMappingNode body) => new()
    {
        ClientCertificate = FilePath(body, "client-certificate"),
        ClientCertificateData = Bytes(body, "client-certificate-data"),
        ClientKey = FilePath(body, "client-key"),
        ClientKeyData = Bytes(body, "client-key-data"),
        Token = Text(body, "token"),
        TokenFile = FilePath(body, "tokenFile"),
        Username = Text(body, "username"),
        Password = Text(body, "password"),
        ActAs = Text(body, "as"),
        ActAsUid = Text(body, "as-uid"),
        ActAsGroups = Texts(body, "as-groups"),
        ActAsExtra = Extra(body),
        ExecCommand = Mapping(body, "exec") is { } exec ? Text(exec, "command") : "",
        AuthProvider = Mapping(body, "auth-provider") is { } provider ? Text(provider, "name") : "",
    };

    public KubeconfigContext Context(YamlMappingNode body) => new()
    {
        Cluster = Text(body, "cluster"),
        User = Text(body, "user"),
        Namespace = Text(body, "namespace"),
    };

    /// <summary>
    /// The entries of a list of <c>{name, &lt;body&gt;}</c>; of two with the same name the later one stays, as in client-go.
    /// </summary>
    public IEnumerable<(string Name, YamlMappingNode Body)> Named(YamlMappingNode root, string listName, string bodyName)
    {
        foreach (YamlNode item in List(root, listName))
        {
            if (item is not YamlMappingNode entry)
                throw Wrong($"{listName}: an entry is not a mapping");
            string name = Text(entry, "name");
            if (name.Length == 0)
                throw Wrong($"{listName}: an entry has no name");
            yield return (name, Mapping(entry, bodyName) ?? new YamlMappingNode());
        }
    }

    public string Text(YamlMappingNode parent, string field)
    {
        YamlNode? node = Find(parent, field);
        if (node is null || IsNull(node))
            return "";
        return node is YamlScalarNode scalar ? scalar.Value ?? "" : throw Wrong($"{field} is not a string");
    }

    public static bool IsNull(YamlNode node) =>
        node is YamlScalarNode { Style: ScalarStyle.Plain or ScalarStyle.Any } scalar
        && scalar.Value is (null or "" or "~" or "null" or "Null" or "NULL");

    public static YamlNode? Find(YamlMappingNode parent, string field)
    {
        foreach ((YamlNode key, YamlNode value) in parent.Children)
        {
            if (key is YamlScalarNode scalar && scalar.Value == field)
                return value;
        }
        return null;
    }

    private IEnumerable<YamlNode> List(YamlMappingNode parent, string field)
    {
        YamlNode? node = Find(parent, field);
        if (node is null || IsNull(node))
            return [];
        return node is YamlSequenceNode sequence ? sequence.Children : throw Wrong($"{field} is not a list");
    }

    private YamlMappingNode? Mapping(YamlMappingNode parent, string field)
    {
        YamlNode? node = Find(parent, field);
        if (node is null || IsNull(node))
            return null;
        return node as YamlMappingNode ?? throw Wrong($"{field} is not a mapping");
    }

    private bool Flag(YamlMappingNode parent, string field) => Text(parent, field) switch
    {
        "" or "false" or "False" or "FALSE" => false,
        "true" or "True" or "TRUE" => true,
        string other => throw Wrong($"{field}: \"{other}\" is not a boolean"),
    };

    private byte[]? Bytes(YamlMappingNode parent, string field)
    {
        string text = Text(parent, field);
        if (text.Length == 0)
            return null;
        try
        {
            return Convert.FromBase64String(text);
        }
        catch (FormatException failure)
        {
            throw new KubeconfigException($"error loading config file \"{path}\": {field} is not valid base64", failure);
        }
    }

    private string FilePath(YamlMappingNode parent, string field)
    {
        string text = Text(parent, field);
        return text.Length == 0 ? "" : Path.GetFullPath(text, directory);
    }

    private List<string> Texts(YamlMappingNode parent, string field)
    {
        var result = new List<string>();
        foreach (YamlNode item in List(parent, field))
            result.Add(item is YamlScalarNode scalar ? scalar.Value ?? "" : throw Wrong($"{field}: an item is not a string"));
        return result;
    }

    private Dictionary<string, IReadOnlyList<string>> Extra(YamlMappingNode body)
    {
        var result = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        YamlMappingNode? extra = Mapping(body, "as-user-extra");
        if (extra is null)
            return result;
        foreach (YamlNode key in extra.Children.Keys)
        {
            string name = (key as YamlScalarNode)?.Value ?? throw Wrong("as-user-extra: a key is not a string");
            result[name] = Texts(extra, name);
        }
        return result;
    }

    private KubeconfigException Wrong(string what) => new($"error loading config file \"{path}\": {what}");
}
