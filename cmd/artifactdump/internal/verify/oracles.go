package verify

import (
	"bytes"
	"fmt"
	"os"
)

// oraclesTail is what docs/oracles.md says beyond the two tables.
const oraclesTail = `
## Prefetch: the truth table of the evidence

All 1,400 intact files agree with libscca and an independent decode in name, hash, version, run count, every run time, volumes and file
names (TestTruth in package prefetch). The executable record of version 30 variant 1 stands at 220; go-prefetch takes its place from 212, where variant 2 has it.

Run times before the creation of the volume occur on machines that nobody touched (images of Windows 8.1, Vista, 2012): the volume was made from an
image. That is a mark on the file, no damage.

## Hives: the truth tables, and what was deleted

` + "`hive dump`" + ` equals the truth of every real hive where the truth is whole and contains it where it is partial. The hive that Windows 10 itself recovered
equals ours byte for byte in its bins; that of Windows 7 differs in the first bin's time and in a few bytes that a later write changed.

Deleted data: every key and value that the other tool lists is found, but for two of SYSTEM_WIN_10_1709 that the bytes refute: another cell was written
over their second half, so that what would be their flags are the letters of a list. Beyond the list 124 keys and 16 values more are found, most in cells that
nothing references, 29 keys in log entries that were not applied. Where the data of a deleted value has been given to another cell, the other tool still
shows the new bytes; ours says that they were reused.

## File records, change journals, index slack: the truth tables

All 55,917 records of the evidence, loose and in images, agree with dfir_ntfs and libfsntfs in sequence, use, times, names, streams, reparse tags and paths
(TestMFTTruth, TestVolumeMFTTruth, TestRecordsOfImages). The journals agree byte for byte with two readers (TestJournalTruth). go-ntfs agrees in all names and
times of 52,185 records and in 28,684 whole paths (TestWitness). ` + "`verify`" + ` compares all fields of the 12 loose tables: 322,777 agree, 59 diverge for
the reasons above, none is unexplained (TestVerifyVolumes).

| records | libfsntfs | outcome |
| --- | --- | --- |
| xways-damaged 179, 180, 532, 546, 554, 557 | gives one name more | the name begins before the end of the used part and runs past it, or begins after it; we give it with the state ` + "`slack`" + `, and the record as damaged where the attribute is cut |
| xways-damaged 496, 524, 531, 566, 567, 568, and those above | gives a data stream | as above: the attribute is not within the used part; we give it among ` + "`slack_streams`" + ` |
| tdungan 17934, 17988, 22721, 25920, 26019 | gives no stream | the record has an unnamed data attribute outside the record with a size of 0; the attribute is there |
| names of a file with several hard links | - | the path is that of the first name that is not a short one; each other name has a path of its own |

In the slack of the collected indexes we find what the other reader finds, 91 entries in ez-SecondDelete, 51 in ez-Start and 1 in artemis (TestIndexTruth).

## Event logs: the truth table and the table of samples

Four readers agree in the records of the shared logs (TestTruth, TestVelocidex, TestLibevtx in package evtx). In the table of samples of the rules one row
differs: for E-05 in the Security log of the attacked server it names record 153. The change of the clock (4616, by rundll32.exe) is record 152; 153
is a change of a group. The header of the record, EventRecordID and three readers give 152.

## Artifacts

| artifact | beside | outcome |
| --- | --- | --- |
| ShimCache, Windows 10 | regparser appcompatcache | names, seconds and counts are equal; the peer reads no other version |
| ShimCache, Windows 7 and 8 | RegRipper 3.0 shimcache | same paths and counts; some of its times are one second early, and it does not decode the executed flag of Windows 8 |
| UserAssist | RegRipper 3.0 userassist | all names, counts and seconds equal; it lists the session record UEME_CTLCUACount:ctor, which is bookkeeping |
| services | RegRipper 3.0 services, svcdll | names, image paths, DLLs and key times identical; we collapse the per-user copies and find one DLL more per hive, named in the service key itself |
| Run keys | RegRipper 3.0 run | agrees; it looks for StartupApproved without ` + "`Explorer\\`" + ` in the path and so misses it |
| task cache | RegRipper 3.0 taskcache | it reads only the top level of Tree |
| pending renames | RegRipper 3.0 pending | it says "not found" where the hive holds a value with 101 operations |
| SAM accounts, USBSTOR, RecentDocs, shell bags | RegRipper 3.0 | agree in names and times; it has no names for shell items of class 52 |
| shortcuts | lnkinfo 20181227 | agrees; it prints the file size as the show command |

## Databases: libesedb, go-ese, sqlite3

Ten ESE databases of SRUM, BITS, user access logging, Windows Search and the catalogue of signatures were read with esedbexport 20181229 and go-ese 0.2.0,
thirteen SQLite databases with sqlite3 3.40. Row counts are equal in all 105 and 107 tables but for what this table lists. Of 750,406 values that
esedbexport prints, 730,975 are equal as text; the others differ for these reasons, and none is left unexplained. dissect was not compared.

| what | beside | outcome |
| --- | --- | --- |
| rows of MSysObjects, MSysObjectsShadow, MSysObjids | go-ese lists 10 to 47 more in three databases | their tags have the flag 2, deleted: 20 of 215 in one database, with no other row that has it. They are columns of older versions of a table; we give them with ` + "`--recovered`" + ` and the state deleted |
| databases of revision 200 (Windows 11) | esedbexport refuses them, go-ese and ours read them with equal counts | the header has the same fields as that of revision 110 |
| a fixed column without a value | esedbexport prints 707406378 or 3038287259199220266 (7,868 values), and true for a boolean | the bytes are 0x2A, with which the engine fills the place; the bit of the column in the record says that it has no value |
| dates stored as a double | esedbexport prints 22:18:59.231231222 (386 values) | the double is 44597.92986111111, which is 22:19:00; whole minutes are what the writer stores |
| long values of BITS and Windows Search | esedbexport prints nothing (31 values) | the bytes are in the tree of long values, under the identifier in the record; those of BITS begin with the GUID of its lists |
| 7-bit compressed text in columns of bytes | esedbexport prints one byte a character (42 values of Windows Search: System_Kind, AppIdList, ChangeTracking), and for a few one NUL more | the first byte is 0x10 to 0x17: scheme 2, 7-bit UTF-16, with the number of bits in the last byte, which is what says where the text ends. A unit has two bytes: the 497 values of System_Kind that are stored without compression have them |
| UTF-16 in a column of code page 1252 | esedbexport prints S, ours S\x00y\x00s… (1 value: CatalogName) | the record holds the 24 bytes of SystemIndex in UTF-16, with a NUL at the end, and the catalogue says 1252; esedbexport ends at the first NUL. We give what is stored, in the code page that the catalogue names |
| text with a backslash | esedbexport doubles it (4,076 values) | the bytes have one |
| GUID | esedbexport prints the 16 bytes in their order | the first three groups are little-endian ([MS-DTYP] 2.3.4) |
| FILETIME in columns of bytes or numbers | esedbexport prints a date (1,113 values) | the column has no type of a date; the artifacts that know the table read it as one |
| SQLite, a table with a collation of Windows Search | sqlite3 refuses it: no such collation sequence | the collation orders an index only; the 629 rows are read in the order of their rowids |
| SQLite, rows in the write-ahead log alone | sqlite3 counts the same | frames up to the last commit with valid checksums |
`

// WriteOracles writes docs/oracles.md.
func WriteOracles(name string) error {
	var b bytes.Buffer
	writeOracles(&b)
	if err := os.WriteFile(name, b.Bytes(), 0o666); err != nil {
		return fmt.Errorf("cannot write the divergences: %w", err)
	}
	return nil
}
