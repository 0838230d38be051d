package durable

import (
	"errors"
	"os"
	"syscall"
	"time"
	"unsafe"
)

const (
	lockFailImmediately = 1
	lockExclusive       = 2

	errLockViolation    = syscall.Errno(33)
	errSharingViolation = syscall.Errno(32)
)

// tryLock locks an open file, or reports that somebody else has it.
func tryLock(f *os.File) (bool, error) {
	lockFileEx := syscall.NewLazyDLL("kernel32.dll").NewProc("LockFileEx")
	var at syscall.Overlapped
	ok, _, err := lockFileEx.Call(f.Fd(), lockExclusive|lockFailImmediately, 0, 1, 0, uintptr(unsafe.Pointer(&at)))
	if ok != 0 {
		return true, nil
	}
	if errors.Is(err, errLockViolation) || errors.Is(err, syscall.ERROR_IO_PENDING) {
		return false, nil
	}
	return false, err
}

// rename replaces a file. A reader that has it open keeps Windows from doing so:
// like the source, it tries 7 times, 100 ms apart.
func rename(from, to string) error {
	for tries := 1; ; tries++ {
		err := os.Rename(from, to)
		if err == nil || tries == 7 || !errors.Is(err, errSharingViolation) && !errors.Is(err, syscall.ERROR_ACCESS_DENIED) {
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// SyncDir does nothing: Windows has no such call, and NTFS logs its renames.
func SyncDir(*os.File) error { return nil }
