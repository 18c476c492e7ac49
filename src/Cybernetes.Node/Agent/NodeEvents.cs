using Cybernetes.Client.Events;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Node.Agent;

/// <summary>The node agent's events through the client's recorder.</summary>
internal sealed class NodeEvents(IEventRecorder recorder, string nodeName) : INodeEvents
{
    public void Record(Pod pod, string fieldPath, string type, string reason, string message)
    {
        var regarding = new ObjectReference
        {
            APIVersion = "v1",
            Kind = "Pod",
            Namespace = pod.Metadata.Namespace,
            Name = pod.Metadata.Name,
            UID = pod.Metadata.UID,
            ResourceVersion = pod.Metadata.ResourceVersion,
            FieldPath = fieldPath,
        };
        recorder.Event(regarding, type, reason, message);
    }

    public void RecordNode(string type, string reason, string message)
    {
        // As upstream the node's events carry its name for a uid: they may come before the object.
        var regarding = new ObjectReference { APIVersion = "v1", Kind = "Node", Name = nodeName, UID = nodeName };
        recorder.Event(regarding, type, reason, message);
    }
}
