//go:build !windows && (!unix || solaris || illumos || aix)

package durable

import (
	"errors"
	"os"
)

// tryLock refuses: without a lock between processes an update could be lost.
func tryLock(*os.File) (bool, error) {
	return false, errors.New("files cannot be locked on this system")
}

func rename(from, to string) error { return os.Rename(from, to) }

// SyncDir does nothing: not all of these systems can sync a folder.
func SyncDir(*os.File) error { return nil }
