using Cybernetes.Objects;
using Cybernetes.Wire;

namespace Cybernetes.ApiServer.Registry;

/// <summary>Which part of an object a write may change, and what is checked then.</summary>
internal abstract class WriteStrategy
{
    /// <summary>The object itself.</summary>
    public static readonly WriteStrategy Object = new ObjectStrategy();

    /// <summary>The status subresource.</summary>
    public static readonly WriteStrategy Status = new StatusStrategy();

    /// <summary>A subresource that changes the object by code of its own; the update's checks run.</summary>
    public static readonly WriteStrategy Direct = new DirectStrategy();

    /// <summary>Fields that a write through this strategy cannot set: nobody comes to own them by it.</summary>
    public virtual FieldFilter FilterOf(KindDefinition kind) => FieldFilter.None;

    public abstract void Prepare(KindDefinition kind, IKubernetesObject obj, IKubernetesObject? old, WriteContext context);

    public abstract void Check(KindDefinition kind, IKubernetesObject obj, IKubernetesObject? old, FieldErrorList errors);

    private sealed class ObjectStrategy : WriteStrategy
    {
        public override FieldFilter FilterOf(KindDefinition kind) => kind.FieldVersions.OfWrite;

        public override void Prepare(KindDefinition kind, IKubernetesObject obj, IKubernetesObject? old, WriteContext context)
        {
            if (old is null)
                kind.PrepareCreate(obj, context);
            else
                kind.PrepareUpdate(obj, old, context);
        }

        public override void Check(KindDefinition kind, IKubernetesObject obj, IKubernetesObject? old, FieldErrorList errors)
        {
            kind.Check(obj, errors);
            if (old is null)
                kind.CheckCreate(obj, errors);
            else
                kind.CheckUpdate(obj, old, errors);
        }
    }

    private sealed class StatusStrategy : WriteStrategy
    {
        public override FieldFilter FilterOf(KindDefinition kind) => kind.FieldVersions.OfStatusWrite;

        public override void Prepare(KindDefinition kind, IKubernetesObject obj, IKubernetesObject? old, WriteContext context) =>
            kind.PrepareStatus(obj, old!, context);

        public override void Check(KindDefinition kind, IKubernetesObject obj, IKubernetesObject? old, FieldErrorList errors) =>
            kind.CheckStatus(obj, old!, errors);
    }

    private sealed class DirectStrategy : WriteStrategy
    {
        public override void Prepare(KindDefinition kind, IKubernetesObject obj, IKubernetesObject? old, WriteContext context)
        {
        }

        public override void Check(KindDefinition kind, IKubernetesObject obj, IKubernetesObject? old, FieldErrorList errors)
        {
        }
    }
}
