// Package durable writes small files whole or not at all, and locks between
// processes.
//
// A file is written beside its place, synced, and put there in one step, after
// which its folder is synced: readers and crashes see what was there before or
// what is there now.
package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// tempPrefix begins the names of files that are being written: it is followed by
// the name that the file will have and by digits.
const tempPrefix = ".new-"

// maxTempName bounds the bytes of the name that a file will have in that of the
// file that is being written, which many systems bound at 255 in all.
const maxTempName = 200

// tempPattern is what os.CreateTemp makes such a name of.
func tempPattern(path string) string {
	base := filepath.Base(path)
	if len(base) > maxTempName {
		base = strings.ToValidUTF8(base[:maxTempName], "")
	}
	return tempPrefix + base + "-*"
}

// Replace puts a file of the data in the place of path, or makes it.
func Replace(path string, data []byte, mode fs.FileMode) error {
	return write(path, data, mode, rename)
}

// Create makes a file of the data, unless there is one: then it returns an error
// that is fs.ErrExist, whoever made it, also at the same moment and where locks
// do not work.
func Create(path string, data []byte, mode fs.FileMode) error {
	return write(path, data, mode, func(from, to string) error {
		err := os.Link(from, to)
		if err == nil || errors.Is(err, fs.ErrExist) {
			os.Remove(from)
			return err
		}
		// A file system without links. A crash while the file is written leaves
		// a part of it.
		f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		if err != nil {
			os.Remove(from)
			return err
		}
		if err = fill(f, data, mode); err != nil {
			os.Remove(to)
		}
		os.Remove(from)
		return err
	})
}

// write fills a file beside path and has it put there.
func write(path string, data []byte, mode fs.FileMode, put func(from, to string) error) error {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, tempPattern(path))
	if err != nil {
		return err
	}
	if err = fill(f, data, mode); err == nil {
		err = put(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		return err
	}
	return syncDir(dir)
}

// syncDir makes what was renamed in dir durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(SyncDir(d), d.Close())
}

// fill writes and closes a file.
func fill(f *os.File, data []byte, mode fs.FileMode) error {
	_, err := f.Write(data)
	if err == nil {
		err = f.Chmod(mode)
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// Tidy removes what crashes left of files that were being written in dir, of those
// whose name is the caller's: he has the lock that all writers of such files take.
// Others in dir may be in the writing at this moment.
func Tidy(dir string, mine func(name string) bool) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name, ok := strings.CutPrefix(e.Name(), tempPrefix)
		end := strings.LastIndexByte(name, '-')
		if !ok || end < 0 || !mine(name[:end]) {
			continue
		}
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
