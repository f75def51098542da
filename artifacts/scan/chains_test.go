package scan_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/scan"
	"github.com/artifactdump/artifactdump/corpus/evtx"
)
