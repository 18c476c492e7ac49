
using Cybernetes.Objects;

namespace Cybernetes.ApiServer.Failures;

/// <summary>A resource with its group, as failures name it: <c>deployments.apps</c>, <c>pods</c>.</summary>
public readonly record struct QualifiedResource(string Group, string Resource)
{
    /// <inheritdoc/>
    public override string ToString() => Group.Length == 0 ? Resource : $"{Resource}.{Group}";
}

/// <summary>Makes <see cref="RequestFailure"/>s with upstream's codes, reasons and wording (apimachinery <c>api/errors</c>).</summary>
public static class Failure
{
    /// <summary>404 of a known resource.</summary>
    public static RequestFailure NotFound(QualifiedResource resource, string name) =>
        About(404, "NotFound", $"{resource} {JsonText.Quote(name)} not found", resource, name);

    /// <summary>404 of a path that nothing serves.</summary>
    public static RequestFailure NoSuchRoute() =>
        new(404, "NotFound", "the server could not find the requested resource") { HasDetails = true };

    /// <summary>405 of a verb that the resource does not have.</summary>
    public static RequestFailure MethodNotAllowed() =>
        new(405, "MethodNotAllowed", "the server does not allow this method on the requested resource") { HasDetails = true };

    /// <summary>405 of an operation of a kind.</summary>
    public static RequestFailure MethodNotSupported(QualifiedResource resource, string action) =>
        About(405, "MethodNotAllowed", $"{action} is not supported on resources of kind {JsonText.Quote(resource.ToString())}", resource, "");

    /// <summary>409: the name is taken.</summary>
    public static RequestFailure AlreadyExists(QualifiedResource resource, string name) =>
        About(409, "AlreadyExists", $"{resource} {JsonText.Quote(name)} already exists", resource, name);

    /// <summary>409: no free name was found for a generateName.</summary>
    public static RequestFailure GenerateNameConflict(QualifiedResource resource, string name) =>
        new(409, "AlreadyExists", $"{resource} {JsonText.Quote(name)} already exists, the server was not able to generate a unique name for the object")
        {
            Group = resource.Group, Kind = resource.Resource, Name = name, RetryAfterSeconds = 1,
        };

    /// <summary>409: something else changed the object, or it may not be changed now.</summary>
    public static RequestFailure Conflict(QualifiedResource resource, string name, string detail) =>
        About(409, "Conflict", $"Operation cannot be fulfilled on {resource} {JsonText.Quote(name)}: {detail}", resource, name);

    /// <summary>409 of the optimistic lock.</summary>
    public static RequestFailure Modified(QualifiedResource resource, string name) =>
        Conflict(resource, name, "the object has been modified; please apply your changes to the latest version and try again");

    /// <summary>422 with the field errors.</summary>
    public static RequestFailure Invalid(string group, string kind, string name, FieldErrorList errors)
    {
        var qualified = group.Length == 0 ? kind : $"{kind}.{group}";
        return new(422, "Invalid", $"{qualified} {JsonText.Quote(name)} is invalid: {errors.Aggregate()}")
        {
            Group = group, Kind = kind, Name = name, Causes = [.. errors.Select(e => new FailureCause(e.Type.ToString(), e.Body, e.Field))],
        };
    }

    /// <summary>400.</summary>
    public static RequestFailure BadRequest(string message) => new(400, "BadRequest", message);

    /// <summary>401.</summary>
    public static RequestFailure Unauthorized(string message = "Unauthorized") => new(401, "Unauthorized", message);

    /// <summary>403 of a resource.</summary>
    public static RequestFailure Forbidden(QualifiedResource resource, string name, string detail) => About(
        403, "Forbidden", name.Length == 0 ? $"{resource} is forbidden: {detail}" : $"{resource} {JsonText.Quote(name)} is forbidden: {detail}",
        resource, name);

    /// <summary>403 of a path that is not a resource.</summary>
    public static RequestFailure ForbiddenPath(string detail) => new(403, "Forbidden", $"forbidden: {detail}") { HasDetails = true };

    /// <summary>406 of a client that accepts none of the media types.</summary>
    public static RequestFailure NotAcceptable(string accepted) =>
        new(406, "NotAcceptable", $"only the following media types are accepted: {accepted}");

    /// <summary>406 of a form that the answer does not have.</summary>
    public static RequestFailure NoSuchForm(string message) => new(406, "NotAcceptable", message);

    /// <summary>415.</summary>
    public static RequestFailure UnsupportedMediaType(string accepted) => new(
        415, "UnsupportedMediaType", $"the body of the request was in an unknown format - accepted media types include: {accepted}");

    /// <summary>413 with the limit in bytes.</summary>
    public static RequestFailure TooLarge(long limitBytes) =>
        new(413, "RequestEntityTooLarge", $"Request entity too large: limit is {limitBytes}");

    /// <summary>410: the revision asked for is compacted.</summary>
    public static RequestFailure Expired(string message, string freshContinue = "") =>
        new(410, "Expired", message) { Continue = freshContinue };

    /// <summary>429 with a pause in seconds.</summary>
    public static RequestFailure TooManyRequests(string message, int retryAfterSeconds) =>
        new(429, "TooManyRequests", message) { RetryAfterSeconds = retryAfterSeconds, HasDetails = true };

    /// <summary>504: a revision that this server has not seen.</summary>
    public static RequestFailure TooLargeResourceVersion(long asked, long current) =>
        new(504, "Timeout", $"Timeout: Too large resource version: {asked}, current: {current}")
        {
            RetryAfterSeconds = 1, Causes = [new("ResourceVersionTooLarge", "Too large resource version", "")],
        };

    /// <summary>504.</summary>
    public static RequestFailure Timeout(string message) => new(504, "Timeout", $"Timeout: {message}") { HasDetails = true };

    /// <summary>503.</summary>
    public static RequestFailure Unavailable(string message) => new(503, "ServiceUnavailable", message);

    /// <summary>500: a part of the server failed for a reason outside the request.</summary>
    public static RequestFailure Internal(string message) =>
        new(500, "InternalError", $"Internal error occurred: {message}") { Causes = [new("", message, "")] };

    private static RequestFailure About(int code, string reason, string message, QualifiedResource resource, string name) =>
        new(code, reason, message) { Group = resource.Group, Kind = resource.Resource, Name = name };
}
