using System.Diagnostics.CodeAnalysis;

namespace Cybernetes.Store;

/// <summary>Either a value or the reason why there is none.</summary>
public readonly struct StoreResult<T>
{
    private readonly T? _value;

    private StoreResult(T? value, StoreError? error) => (_value, Error) = (value, error);

    /// <summary>Why it failed; null after a success.</summary>
    public StoreError? Error { get; }

    /// <summary>The value. Taking it after a failure is a bug and throws.</summary>
    public T Value => Error is null
        ? _value!
        : throw new InvalidOperationException(
            $"The store failed ({Error.Kind}: {Error.Message}) and the failure was not looked at.");

    public static implicit operator StoreResult<T>(T value) => new(value, null);

    public static implicit operator StoreResult<T>(StoreError error) => new(default, error);

    /// <summary>True, and the value, after a success; false, and the error, after a failure.</summary>
    public bool TryGet([MaybeNullWhen(false)] out T value, [NotNullWhen(false)] out StoreError? error)
    {
        value = _value;
        error = Error;
        return error is null;
    }
}
