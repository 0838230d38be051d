package filekeys

import (
	"io/fs"

	"github.com/httptrigger/httptrigger/keys"
)

// Documents returns the scopes of the documents among a folder's entries.
func Documents(entries []fs.DirEntry, lstat func(name string) (fs.FileInfo, error)) ([]keys.Scope, error) {
	list, err := documents(entries, lstat)
	var scopes []keys.Scope
	for _, d := range list {
		scopes = append(scopes, d.scope)
	}
	return scopes, err
}
