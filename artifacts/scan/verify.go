package scan

import (
	"cmp"
	"context"
	"fmt"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// VerifyImage compares a disk image with the hashes that it stores. The outcome
// goes to obs; the error is that of the context.
func VerifyImage(ctx context.Context, ev *evidence.Evidence, obs Observer) error {
	note := func(format string, args ...any) { obs.Note(fmt.Sprintf(format, args...)) }
	v, stored, err := ev.VerifyImage(ctx)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		obs.Damage(fmt.Errorf("%s: %w", ev.Path, err))
	case !stored:
		note("%s: stores no hash to compare with", ev.Path)
	case v.OK():
		note("%s: the stored hash is right: MD5 %s SHA-1 %s", ev.Path, cmp.Or(v.StoredMD5, "not stored"),
			cmp.Or(v.StoredSHA1, "not stored"))
	default:
		obs.Damage(fmt.Errorf("%s: the image changed after acquisition: stored MD5 %s SHA-1 %s, read MD5 %s SHA-1 %s",
			ev.Path, v.StoredMD5, v.StoredSHA1, v.MD5, v.SHA1))
	}
	return nil
}
