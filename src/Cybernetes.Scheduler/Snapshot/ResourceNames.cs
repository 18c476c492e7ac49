namespace Cybernetes.Scheduler.Snapshot;

/// <summary>Interns resource names as small numbers, which are column indexes. The first four are fixed.</summary>
internal sealed class ResourceNames
{
    public const int Cpu = 0;
    public const int Memory = 1;
    public const int EphemeralStorage = 2;
    public const int Pods = 3;

    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal)
    {
        ["cpu"] = Cpu, ["memory"] = Memory, ["ephemeral-storage"] = EphemeralStorage, ["pods"] = Pods,
    };

    private readonly List<string> _names = ["cpu", "memory", "ephemeral-storage", "pods"];

    public int Count => _names.Count;

    public string this[int id] => _names[id];

    public int Intern(string name)
    {
        if (_ids.TryGetValue(name, out var id))
            return id;
        _ids[name] = id = _names.Count;
        _names.Add(name);
        return id;
    }
}
