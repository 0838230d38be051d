package trigger

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"

	"github.com/httptrigger/httptrigger/internal/durable"
)

// Files is the folder of an app as the admin endpoints write it. Names are those
// of package fs: relative, with slashes, without dots. Its methods may be called
// concurrently. A file is there as a whole or not at all; the removal of a folder
// may end halfway.
type Files interface {
	fs.FS

	// Write puts a file in the place of what was there, and makes the folders
	// it is in. It reads the content to its end before the file is there. If the
	// content ends in an error, whichever, the old file stays.
	Write(name string, content io.Reader) error

	// Mkdir makes a folder, and those it is in.
	Mkdir(name string) error

	// Remove takes a file away, or a folder, which must be empty unless all is
	// set.
	Remove(name string, all bool) error
}

// A Folder is a folder of the machine as Files. No name leads out of it: neither
// "..", nor a symbolic link in it (os.Root).
type Folder struct{ root *os.Root }

var (
	_ Files         = (*Folder)(nil)
	_ fs.StatFS     = (*Folder)(nil)
	_ fs.ReadDirFS  = (*Folder)(nil)
	_ fs.ReadFileFS = (*Folder)(nil)
)

// beingWritten begins the names of files that are being written.
const beingWritten = ".writing-"

// OpenFolder opens a folder, which must be there.
func OpenFolder(dir string) (*Folder, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("trigger: the folder of the app: %w", err)
	}
	return &Folder{root}, nil
}

// Close gives the folder back. Files that are open stay open.
func (f *Folder) Close() error { return f.root.Close() }

// Open opens a file to read. What is neither a file nor a folder is not opened:
// reading a pipe could take for ever.
func (f *Folder) Open(name string) (fs.File, error) {
	info, err := f.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() && !info.IsDir() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	return f.root.FS().Open(name)
}

// Stat describes a file, links followed.
func (f *Folder) Stat(name string) (fs.FileInfo, error) { return fs.Stat(f.root.FS(), name) }

// ReadDir lists a folder.
func (f *Folder) ReadDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(f.root.FS(), name) }

// ReadFile reads a file.
func (f *Folder) ReadFile(name string) ([]byte, error) {
	file, err := f.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(file)
}

// Write writes a file beside the old one, makes sure that it is on the disk, gives
// it the name, and makes sure of that too. The mode of the old one stays. A crash
// may leave a file whose name begins with ".writing-", which admin/functions/download
// leaves out and anybody may remove.
func (f *Folder) Write(name string, content io.Reader) (err error) {
	mode, there := fs.FileMode(0o644), false
	switch info, serr := f.Stat(name); {
	case !fs.ValidPath(name) || name == "." || serr == nil && !info.Mode().IsRegular():
		return &fs.PathError{Op: "write", Path: name, Err: fs.ErrInvalid}
	case serr == nil:
		mode, there = info.Mode().Perm(), true
	}
	if err := f.Mkdir(path.Dir(name)); err != nil {
		return err
	}
	beside := path.Join(path.Dir(name), beingWritten+newID().String())
	file, err := f.root.OpenFile(beside, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.root.Remove(beside)
		}
	}()
	if there {
		err = file.Chmod(mode) // whatever the umask
	}
	if err == nil {
		_, err = io.Copy(file, content)
	}
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	if err = f.root.Rename(beside, name); err != nil {
		return err
	}
	dir, err := f.root.Open(path.Dir(name))
	if err != nil {
		return err
	}
	return errors.Join(durable.SyncDir(dir), dir.Close())
}

// Mkdir makes a folder.
func (f *Folder) Mkdir(name string) error { return f.root.MkdirAll(name, 0o755) }

// Remove removes a file or a folder, never the folder itself.
func (f *Folder) Remove(name string, all bool) error {
	switch {
	case !fs.ValidPath(name) || name == ".":
		return &fs.PathError{Op: "remove", Path: name, Err: fs.ErrInvalid}
	case all:
		if _, err := f.root.Lstat(name); err != nil {
			return err
		}
		return f.root.RemoveAll(name)
	}
	return f.root.Remove(name)
}
