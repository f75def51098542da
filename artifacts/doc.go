// Package artifacts decodes what a Windows machine records: which programs ran,
// what starts automatically, what users did, and what each time stands for.
//
// This package is the engine. An [Artifact] is one kind of record with its
// sources, its prose and its decoder, made by [Define]. The artifacts that ship
// are in the packages execution, persistence, communication, activity and system
// below this one; package catalogue lists them all. [Run] decodes a list of them
// from an [evidence.Tree] in parallel and yields their records in a fixed order;
// [Record.Events] gives the times of a record with their meaning, and package
// output sorts them into a timeline.
//
// A record says what it proves and leads back to file, key and byte offset. It
// never says more than its bytes do: whether something is suspicious is for
// package findings to argue.
//
// # Compatibility
//
// Until version 1 an exported name may change between minor versions, and the
// change log says so. Names of artifacts and keys of JSON are stable: they are
// added to, not renamed.
package artifacts
