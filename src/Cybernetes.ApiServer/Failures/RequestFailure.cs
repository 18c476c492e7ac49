using System.Text.Json;

namespace Cybernetes.ApiServer.Failures;

/// <summary>One cause inside a failed answer's details (<c>metav1.StatusCause</c>).</summary>
/// <param name="Type">Machine-readable cause such as <c>FieldValueInvalid</c>; empty when there is none.</param>
/// <param name="Message">What is wrong, without the field.</param>
/// <param name="Field">Field path such as <c>spec.replicas</c>; empty when the cause is not about a field.</param>
public readonly record struct FailureCause(string Type, string Message, string Field);

/// <summary>
/// A request that is answered with a <c>Status</c> of kind Failure. It is thrown by the stages, the kinds and the admission plugins, and
/// turned into the answer in one place of the pipeline. Build one by <see cref="Failure"/>, which knows upstream's wording.
/// Source: Kubernetes API reference, <c>meta/v1 Status</c>.
/// </summary>
public sealed class RequestFailure(int code, string reason, string message) : Exception(message)
{
    /// <summary>HTTP status code.</summary>
    public int Code { get; } = code;

    /// <summary>Machine-readable reason such as <c>NotFound</c>; empty is upstream's "unknown".</summary>
    public string Reason { get; } = reason;

    /// <summary>True when the answer has a details object even if nothing is in it.</summary>
    public bool HasDetails { get; init; }

    /// <summary>Details: name of the object.</summary>
    public string Name { get; init; } = "";

    /// <summary>Details: API group.</summary>
    public string Group { get; init; } = "";

    /// <summary>Details: kind or resource, as upstream's constructor of the reason fills it.</summary>
    public string Kind { get; init; } = "";

    /// <summary>Details: uid of the object.</summary>
    public string Uid { get; init; } = "";

    /// <summary>Details: what exactly is wrong.</summary>
    public IReadOnlyList<FailureCause> Causes { get; init; } = [];

    /// <summary>Details and the Retry-After header, in seconds; 0 is none.</summary>
    public int RetryAfterSeconds { get; init; }

    /// <summary>List metadata of the Status: a usable continue token with a 410.</summary>
    public string Continue { get; init; } = "";

    /// <summary>The Status as UTF-8 JSON in Go's field order.</summary>
    public byte[] ToJson()
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer, JsonText.WriterOptions))
            WriteJson(writer);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Writes the Status object.</summary>
    public void WriteJson(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("kind", "Status");
        writer.WriteString("apiVersion", "v1");
        writer.WriteStartObject("metadata");
        WriteOptional(writer, "continue", Continue);
        writer.WriteEndObject();
        writer.WriteString("status", "Failure");
        WriteOptional(writer, "message", Message);
        WriteOptional(writer, "reason", Reason);
        WriteDetails(writer);
        writer.WriteNumber("code", Code);
        writer.WriteEndObject();
    }

    private void WriteDetails(Utf8JsonWriter writer)
    {
        if (!HasDetails && Name.Length == 0 && Group.Length == 0 && Kind.Length == 0 && Causes.Count == 0 && RetryAfterSeconds == 0)
            return;
        writer.WriteStartObject("details");
        WriteOptional(writer, "name", Name);
        WriteOptional(writer, "group", Group);
        WriteOptional(writer, "kind", Kind);
        WriteOptional(writer, "uid", Uid);
        if (Causes.Count > 0)
        {
            writer.WriteStartArray("causes");
            foreach (var cause in Causes)
            {
                writer.WriteStartObject();
                WriteOptional(writer, "reason", cause.Type);
                WriteOptional(writer, "message", cause.Message);
                WriteOptional(writer, "field", cause.Field);
                writer.WriteEndObject();
            }
            writer.WriteEndArray();
        }
        if (RetryAfterSeconds > 0)
            writer.WriteNumber("retryAfterSeconds", RetryAfterSeconds);
        writer.WriteEndObject();
    }

    private static void WriteOptional(Utf8JsonWriter writer, string name, string value)
    {
        if (value.Length > 0)
            writer.WriteString(name, value);
    }
}
