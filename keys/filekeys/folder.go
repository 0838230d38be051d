package filekeys

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/keys/keydoc"
)

// A document is a file of the folder that Load reads.
type document struct {
	scope keys.Scope
	entry fs.DirEntry
}

// documents returns those of a folder's entries that are documents, in their
// order. The source writes the file of a function in the casing of the request
// that changes its keys (FileSystemSecretsRepository.cs). Where the file system
// ignores case that is the file that Load reads; elsewhere it is another one,
// which nobody reads, beside the document or without one.
func documents(entries []fs.DirEntry, lstat func(name string) (fs.FileInfo, error)) ([]document, error) {
	var found []document
	for _, e := range entries {
		s, ok := keydoc.ScopeOf(e.Name())
		if !ok {
			continue
		}
		if name := keydoc.FileName(s); e.Name() != name {
			same, err := isFile(e, name, lstat)
			if err != nil {
				return nil, err
			}
			if !same {
				continue
			}
		}
		found = append(found, document{s, e})
	}
	return found, nil
}

// isFile reports whether an entry is the file that is opened by a name.
func isFile(e fs.DirEntry, name string, lstat func(string) (fs.FileInfo, error)) (bool, error) {
	opened, err := lstat(name)
	if err == nil {
		var listed fs.FileInfo
		if listed, err = e.Info(); err == nil {
			return os.SameFile(opened, listed), nil
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return false, err
}

// lstat describes a file of the folder.
func (st *Store) lstat(name string) (fs.FileInfo, error) {
	return os.Lstat(filepath.Join(st.dir, name))
}
