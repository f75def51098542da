// Package activity decodes what users did: what they opened, typed, searched and
// connected to.
//
// Each artifact is one file with its record type, its declaration and its decoder;
// [Artifacts] lists them.
package activity

import (
	"encoding/binary"

	"github.com/artifactdump/artifactdump/artifacts"
)

var le = binary.LittleEndian

var chapter = artifacts.Chapter("User activity",
	runMRU,
	typedURLs,
	typedPaths,
	wordWheel,
	recentDocs,
	openSave,
	lastVisited,
	shellBags,
	mountPoints,
	mappedDrives,
	tsClient,
	officeMRU,
	readingLocations,
	officeAccounts,
	trustRecords,
	putty,
	winSCP,
	archivers,
	applets,
	recentLists,
	openWith,
	internetSettings,
	timeline,
	notices,
	indexedItems,
	jumpLists,
	shortcuts,
	taskbarPins,
	programsCache,
	wallpaper,
	notepad,
)

// Artifacts returns the artifacts of the chapter in the order of the catalogue. The
// result is shared: do not change it.
func Artifacts() []*artifacts.Artifact { return chapter }
