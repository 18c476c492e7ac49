using System.Text;

namespace Cybernetes.Load.Requests;

/// <summary>The objects that are written: their resource, and JSON of a wanted size with the slots in it.</summary>
internal sealed record ObjectBody(string Resource, string Kind, string Prefix, int Bytes)
{
    // Written with single quotes, for the reader's sake.
    private static readonly string s_changed = $"'annotations':{{'{Stamp.Annotation}':'{Slots.Sent}'}}";

    /// <exception cref="ArgumentException">No such kind.</exception>
    public static ObjectBody Of(string resource, string prefix, int bytes) => resource switch
    {
        "configmaps" => new("configmaps", "ConfigMap", prefix, bytes > 0 ? bytes : 1024),
        "pods" => new("pods", "Pod", prefix, bytes > 0 ? bytes : 2048),
        _ => throw new ArgumentException($"there are objects of the resources configmaps and pods, not of '{resource}'"),
    };

    public string Name => Prefix + Slots.Index;

    /// <summary>What a patch changes: the annotation, which names the moment it was sent.</summary>
    public static string Change => Json($"{{'metadata':{{{s_changed}}}}}");

    /// <summary>The whole object; filled up to the wanted size as it goes over the wire.</summary>
    public string Whole(string namespaceName)
    {
        var empty = Filled(namespaceName, "");
        return Filled(namespaceName, Filling(Math.Max(0, Bytes - TemplateBuilder.WidthOf(empty))));
    }

    /// <summary>What an applier is sure of: the annotation and a label.</summary>
    public string Applied(string namespaceName) => Json(
        $"{{{Type},'metadata':{{'name':'{Name}','namespace':'{namespaceName}','labels':{{'app':'load'}},{s_changed}}}}}");

    private string Type => $"'apiVersion':'v1','kind':'{Kind}'";

    private static string Json(string text) => text.Replace('\'', '"');

    private string Filled(string namespaceName, string filling)
    {
        var metadata = $"'metadata':{{'name':'{Name}','namespace':'{namespaceName}','labels':{{'app':'load','tier':'bench'}},{s_changed}}}";
        return Json($"{{{Type},{metadata},{(Kind == "Pod" ? PodSpec(filling) : $"'data':{{'filling':'{filling}'}}")}}}");
    }

    private static string PodSpec(string filling) =>
        "'spec':{'nodeSelector':{'kubernetes.io/os':'none'},'terminationGracePeriodSeconds':30,'containers':[{'name':'web',"
        + "'image':'registry.example.com/shop/web:2.4.1','args':['--listen=:8080'],'ports':[{'name':'http','containerPort':8080}],"
        + $"'env':[{{'name':'NODE_NAME','valueFrom':{{'fieldRef':{{'fieldPath':'spec.nodeName'}}}}}},{{'name':'FILLING','value':'{filling}'}}],"
        + "'resources':{'requests':{'cpu':'100m','memory':'128Mi'},'limits':{'memory':'256Mi'}},"
        + "'readinessProbe':{'httpGet':{'path':'/ready','port':8080},'periodSeconds':5},"
        + "'volumeMounts':[{'name':'cache','mountPath':'/var/cache/web'}]}],'volumes':[{'name':'cache','emptyDir':{}}]}";

    // Words, as configuration has them; not one letter many times, which would compress to nothing.
    private static string Filling(int length)
    {
        string[] words = ["listen", "upstream", "timeout", "cache", "log", "level", "retry", "endpoint", "secret", "region", "pool", "limit"];
        var text = new StringBuilder();
        for (var i = 0; text.Length < length; i++)
            text.Append(words[i * 7 % words.Length]).Append('=').Append(i * 7919 % 10007).Append(' ');
        return text.ToString(0, length);
    }
}
