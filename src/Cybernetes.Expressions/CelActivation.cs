namespace Cybernetes.Expressions;

/// <summary>The values of an environment's variables for one evaluation. A variable may be made when it is first asked for.</summary>
public interface ICelActivation
{
    /// <summary>The variable's value; null where there is none, which is a runtime error.</summary>
    CelValue? Find(string variable);
}

/// <summary>Variables that are there.</summary>
public sealed class CelActivation(IReadOnlyDictionary<string, CelValue> variables) : ICelActivation
{
    public static CelActivation Empty { get; } = new(new Dictionary<string, CelValue>());

    public CelValue? Find(string variable) => variables.GetValueOrDefault(variable);
}
