package filekeys

import (
	"context"
	"io/fs"
	"os"
	"time"

	"github.com/httptrigger/httptrigger/keys"
)

// watchInterval is how often a watched directory is looked at.
const watchInterval = time.Second

// Watch looks at the directory every second and tells of the scopes whose files
// came, went or changed, until ctx ends.
func (st *Store) Watch(ctx context.Context, changed func(keys.Scope)) error {
	seen := st.scan()
	ticker := time.NewTicker(watchInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
		now := st.scan()
		if now == nil {
			continue // the directory cannot be read for the moment
		}
		for s, info := range now {
			if old := seen[s]; old == nil || !os.SameFile(old, info) || old.Size() != info.Size() || !old.ModTime().Equal(info.ModTime()) {
				changed(s)
			}
		}
		for s := range seen {
			if now[s] == nil {
				changed(s)
			}
		}
		seen = now
	}
}

// scan returns what the documents of the directory look like from outside, or
// nil if it cannot be read.
func (st *Store) scan() map[keys.Scope]fs.FileInfo {
	entries, err := os.ReadDir(st.dir)
	if err != nil {
		return nil
	}
	list, err := documents(entries, st.lstat)
	if err != nil {
		return nil
	}
	found := make(map[keys.Scope]fs.FileInfo, len(list))
	for _, d := range list {
		if info, err := d.entry.Info(); err == nil {
			found[d.scope] = info
		}
	}
	return found
}
