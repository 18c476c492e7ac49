using System.Security.Cryptography;
using System.Text;

namespace Cybernetes.Network.ServiceProxy.Iptables;

/// <summary>The chain names people know from kube-proxy: a prefix and 16 letters of a hash over what the chain is for.</summary>
internal static class ChainNames
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    /// <summary>Balances over all endpoints.</summary>
    public static string Cluster(ServicePort port) => "KUBE-SVC-" + Hash(port.Name + port.Protocol);

    /// <summary>Balances over this node's endpoints.</summary>
    public static string Local(ServicePort port) => "KUBE-SVL-" + Hash(port.Name + port.Protocol);

    /// <summary>Takes traffic from outside the cluster.</summary>
    public static string External(ServicePort port) => "KUBE-EXT-" + Hash(port.Name + port.Protocol);

    /// <summary>Lets only the allowed sources through to a load balancer's address.</summary>
    public static string Firewall(ServicePort port) => "KUBE-FW-" + Hash(port.Name + port.Protocol);

    /// <summary>Sends to one endpoint.</summary>
    public static string Endpoint(ServicePort port, ServiceEndpoint endpoint) => "KUBE-SEP-" + Hash(port.Name + port.Protocol + endpoint);

    private static string Hash(string text)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(text), hash);
        Span<char> letters = stackalloc char[16];
        for (var i = 0; i < letters.Length; i++)
        {
            var bit = i * 5;
            var pair = hash[bit / 8] << 8 | hash[bit / 8 + 1];
            letters[i] = Alphabet[(pair >> (11 - bit % 8)) & 31];
        }
        return new string(letters);
    }
}
