// Package artifacts says what the bytes of a Windows machine mean: which
// traces it keeps of the programs that ran on it, what starts by itself, what
// users did, and what each time in them stands for.
//
// The catalogue ([All]) lists the artifacts; each is one file of this package
// with its record type, its sources, its prose and its decoder. [Run] decodes
// them from an [evidence.Tree] in parallel and yields their records in a
// fixed order; [Record.Events] gives the times of a record with their
// meaning.
//
// A record says what it proves and leads back to file, key and byte offset.
// It never says more than its bytes do: whether something is suspicious is
// for package findings to argue.
package artifacts
