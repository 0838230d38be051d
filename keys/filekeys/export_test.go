package filekeys

import (
	"path/filepath"
	"testing"
)

// HoldLock takes the lock of a directory as another process would.
func HoldLock(t *testing.T, dir string) (release func()) {
	t.Helper()
	release, err := lock(t.Context(), filepath.Join(dir, ".lock"))
	if err != nil {
		t.Fatal(err)
	}
	return release
}
