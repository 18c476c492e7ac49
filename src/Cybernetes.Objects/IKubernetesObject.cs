using Cybernetes.Objects.Meta.V1;
using Cybernetes.Objects.Schema;

namespace Cybernetes.Objects;

/// <summary>An object with a kind and metadata, typed or not.</summary>
public interface IKubernetesObject : IJsonWritable
{
    string APIVersion { get; set; }

    string Kind { get; set; }

    ObjectMeta Metadata { get; set; }
}

/// <summary>A typed kind.</summary>
/// <typeparam name="TSelf">The kind's class.</typeparam>
public interface IKubernetesObject<TSelf> : IKubernetesObject, IWireObject<TSelf> where TSelf : class, IKubernetesObject<TSelf>
{
    /// <summary>Group, version, resource name and scope of the kind.</summary>
    static abstract KindFacts Facts { get; }

    /// <summary>An empty object of the kind.</summary>
    static abstract TSelf New();
}
