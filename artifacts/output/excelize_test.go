//go:build !386

package output_test

import (
	"testing"

	"github.com/xuri/excelize/v2"
)

// checkExcelize has a second library count the rows of the workbook.
func checkExcelize(t *testing.T, w *written) {
	f, err := excelize.OpenFile(w.file("xlsx"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := f.GetRows("Timeline")
	if err != nil || len(rows)-1 != len(w.rows) {
		t.Errorf("excelize sees %d events (%v), want %d", len(rows)-1, err, len(w.rows))
	}
}
