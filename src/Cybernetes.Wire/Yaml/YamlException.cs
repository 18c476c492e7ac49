namespace Cybernetes.Wire;

/// <summary>A document that is no YAML, or none that can become JSON. The message is worded as upstream's.</summary>
public sealed class YamlException(string message, Exception? inner = null) : Exception(message, inner);
