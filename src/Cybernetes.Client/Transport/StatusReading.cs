using System.Text;
using Cybernetes.Objects;
using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.Client.Transport;

/// <summary>
/// Makes a <see cref="Status"/> of a failed answer: the server's own, or one worded as client-go words it when the body is none.
/// </summary>
internal static class StatusReading
{
    private const int LongestQuote = 2048;

    public static Status FromAnswer(ApiCall call, HttpResponseMessage response, byte[] body)
    {
        int code = (int)response.StatusCode;
        Status? sent = TryRead(body);
        if (sent is not null)
        {
            // Old servers leave the code out of the body.
            if (sent.Code == 0)
                sent.Code = code;
            return sent;
        }

        string text = Encoding.UTF8.GetString(body, 0, Math.Min(body.Length, LongestQuote)).Trim();
        (string reason, string message) = Explain(call, code, text);
        return new Status
        {
            StatusValue = "Failure",
            Code = code,
            Reason = reason,
            Message = message,
            Details = new StatusDetails { RetryAfterSeconds = (int)(response.Headers.RetryAfter?.Delta?.TotalSeconds ?? 0) },
        };
    }

    public static Status? TryRead(ReadOnlyMemory<byte> body)
    {
        // Any other document would decode too, as a status with nothing in it.
        if (body.Span.IndexOf("\"Status\""u8) < 0)
            return null;
        try
        {
            Status status = WireBody.Read<Status>(body);
            return status.Kind == "Status" ? status : null;
        }
        catch (ObjectDecodeException)
        {
            return null;
        }
    }

    private static (string Reason, string Message) Explain(ApiCall call, int code, string text)
    {
        string quote = text.Length > 0 ? text : "unknown";
        return code switch
        {
            400 => ("BadRequest", $"the server rejected our request for an unknown reason ({quote})"),
            401 => ("Unauthorized", "the server has asked for the client to provide credentials"),
            403 => ("Forbidden", text.Length > 0 ? text : "forbidden"),
            404 => ("NotFound", "the server could not find the requested resource"),
            405 => ("MethodNotAllowed", "the server does not allow this method on the requested resource"),
            406 => ("NotAcceptable", $"the server was unable to respond with a content type that the client supports ({quote})"),
            409 when call.Method == HttpMethod.Post => ("AlreadyExists", "the server reported a conflict"),
            409 => ("Conflict", "the server reported a conflict"),
            410 => ("Gone", "the server no longer has the requested resource"),
            413 => ("RequestEntityTooLarge",
                $"the server responded with the status code 413 but did not return more information ({quote})"),
            415 => ("UnsupportedMediaType",
                $"the body of the request was in an unknown format - accepted media types include: {quote}"),
            422 => ("Invalid", "the server rejected our request due to an error in our request"),
            429 => ("TooManyRequests", "the server has received too many requests and has asked us to try again later"),
            503 => ("ServiceUnavailable", "the server is currently unable to handle the request"),
            504 => ("Timeout",
                "the server was unable to return a response in the time allotted, but may still be processing the request"),
            >= 500 => ("InternalError", $"an error on the server (\"{quote}\") has prevented the request from succeeding"),
            _ => ("", $"the server responded with the status code {code} but did not return more information"),
        };
    }
}
