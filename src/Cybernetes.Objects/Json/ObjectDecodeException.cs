namespace Cybernetes.Objects;

/// <summary>A document that cannot become the object asked for. The message is the one Go's decoder gives; clients see it in a
/// 400's text.</summary>
public sealed class ObjectDecodeException(string message, Exception? inner = null) : Exception(message, inner);
