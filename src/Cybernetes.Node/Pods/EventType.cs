namespace Cybernetes.Node.Pods;

/// <summary>The two types of events.</summary>
internal static class EventType
{
    public const string Normal = "Normal";
    public const string Warning = "Warning";
}
