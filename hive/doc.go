// Package hive reads registry hives offline: the files in which Windows keeps SYSTEM, SOFTWARE, SAM, SECURITY,
// NTUSER.DAT, UsrClass.dat, Amcache.hve and many others, from Windows NT 3.1 (format 1.1) to Windows 11 and
// Server 2022 (formats 1.3 to 1.6).
//
// A hive is opened from its bytes, together with its transaction logs, which are replayed in memory:
//
//	h, err := hive.Open(primary, &hive.Options{Logs: []hive.Log{{Name: "SYSTEM.LOG1", Data: log1}}})
//	if err != nil {
//		return err
//	}
//	for k, err := range h.Keys() {
//		if err != nil {
//			log.Print(err) // this place is damaged; its siblings follow
//			continue
//		}
//		fmt.Println(k.Written(), k.Path())
//	}
//
// A [Key] and a [Value] are small values, a pointer and an offset; what is asked of them is read from the
// hive's bytes at that moment. The caller's bytes are never written to, and a clean hive is not copied. A Hive
// does not change and may be used by any number of goroutines.
//
// Hives are damaged more often than not. Everything readable is read: a [FormatError] stands in an iteration
// for the one element that it replaces, [Hive.Damage] describes what was found on opening, and [Hive.Check] looks at
// everything. [Hive.Deleted] finds keys and values that are not part of the tree: those that were deleted, and those that
// are in use but unreachable because what led to them is damaged. A hive whose base block is lost is read from its bins.
//
// The package does not write hives, does not read the transactional registry's .blf and .regtrans-ms files,
// does not merge the layers of container hives and does not follow symbolic links out of the hive.
//
// Facts about the format are cited by the section of docs/formats/regf.md and docs/formats/transaction-logs.md.
package hive
