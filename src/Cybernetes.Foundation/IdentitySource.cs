namespace Cybernetes.Foundation;

/// <summary>
/// Makes new identities: UUIDs and short readable suffixes. Safe for concurrent use. <see cref="System"/> is for production;
/// a test makes its own over <see cref="Chance.Seeded"/> and gets the same identities in every run.
/// </summary>
public sealed class IdentitySource(IRandomSource random)
{
    // No vowels and no characters that look alike: a suffix spells no word and is read over the phone without doubt.
    private const string SuffixAlphabet = "bcdfghjklmnpqrstvwxz2456789";

    /// <summary>Identities no one can guess, from the system's cryptographic source.</summary>
    public static IdentitySource System { get; } = new(Chance.Cryptographic);

    /// <summary>A repeatable source for tests and simulations.</summary>
    public static IdentitySource Seeded(int seed) => new(Chance.Seeded(seed));

    /// <summary>A random (version 4, RFC 9562) UUID.</summary>
    public Guid NewUuid()
    {
        Span<byte> bytes = stackalloc byte[16];
        random.Fill(bytes);
        bytes[6] = (byte)((bytes[6] & 0x0f) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3f) | 0x80);
        return new Guid(bytes, bigEndian: true);
    }

    /// <summary>A random UUID in its usual 36 character form, lower case.</summary>
    public string NewUuidText() => NewUuid().ToString("D");

    /// <summary>A suffix of <paramref name="length"/> characters out of bcdfghjklmnpqrstvwxz2456789.</summary>
    public string NewSuffix(int length = 5) => string.Create(length, random, static (span, source) =>
    {
        for (var i = 0; i < span.Length; i++)
            span[i] = SuffixAlphabet[source.Next(SuffixAlphabet.Length)];
    });
}
