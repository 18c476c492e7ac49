namespace Cybernetes.Store.Snapshots;

/// <summary>What a snapshot file holds, after all of it was read and found whole.</summary>
/// <param name="Hash">The first four bytes of the SHA-256 over its contents.</param>
/// <param name="Revision">The revision it is of.</param>
/// <param name="TotalKeys">Its records.</param>
/// <param name="TotalBytes">The file's length.</param>
public readonly record struct SnapshotStatus(uint Hash, long Revision, long TotalKeys, long TotalBytes);
