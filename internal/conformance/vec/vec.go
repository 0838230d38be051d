// Package vec is the ground the vector runners share: it reads vector files,
// tells their kinds apart and counts the outcomes by group.
//
// A runner lives in a package of its own beside this one (routevec, keysvec and
// so on), so that the tests of route need not import keys. Each is a Runner:
// it maps what a vector says to the public API, in general and never by the
// vector's id, and reports one outcome per check.
package vec

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
)

// Kind names a vector format.
type Kind string

// The kinds of vector files.
const (
	Route   Kind = "route"
	Keys    Kind = "keys"
	Trigger Kind = "trigger"
	Webhook Kind = "webhook"
	Host    Kind = "host"
)

// File is one vector file, decompressed.
type File struct {
	Path string
	Kind Kind
	Data []byte
}

// A Runner puts every vector of a file to the library.
type Runner func(*Report, *File) error

// KindOf tells the kind of a vector file by its header, or "" if it is none.
func KindOf(data []byte) Kind {
	var head struct {
		Format       json.RawMessage `json:"format"`
		Schema       string          `json:"schema"`
		Identifiable json.RawMessage `json:"identifiable"`
		Auth         json.RawMessage `json:"auth"`
		AdminAPI     json.RawMessage `json:"adminApi"`
		Vectors      json.RawMessage `json:"vectors"`
	}
	if json.Unmarshal(data, &head) != nil {
		return ""
	}
	format := strings.Trim(string(head.Format), `"`)
	switch {
	case strings.HasPrefix(format, "route-vectors/"):
		return Route
	case strings.HasPrefix(format, "host-vectors/"):
		return Host
	case strings.HasPrefix(head.Schema, "webhook-vectors/"):
		return Webhook
	case format == "1" && head.Vectors != nil:
		return Trigger
	case head.Auth != nil || head.AdminAPI != nil || head.Identifiable != nil:
		return Keys
	}
	return ""
}

// Load reads the vector files at paths. A folder is walked; a name that ends in
// .gz is decompressed; in a folder, files that are no vectors are passed over.
// A path named outright that holds no vectors is an error.
func Load(paths ...string) ([]*File, error) {
	var files []*File
	for _, root := range paths {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			name := strings.TrimSuffix(path, ".gz")
			if path != root && !strings.HasSuffix(name, ".json") {
				return nil
			}
			data, err := read(path)
			if err != nil {
				return err
			}
			kind := KindOf(data)
			if kind == "" {
				if path == root {
					return fmt.Errorf("%s: not a vector file", path)
				}
				return nil
			}
			files = append(files, &File{Path: path, Kind: kind, Data: data})
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}

func read(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil || !strings.HasSuffix(path, ".gz") {
		return data, err
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return io.ReadAll(z)
}

// Count holds the outcomes of a group.
type Count struct {
	Passed, Known, Failed, NotBuilt int
}

func (c Count) String() string {
	return fmt.Sprintf("passed %d known %d failed %d notbuilt %d", c.Passed, c.Known, c.Failed, c.NotBuilt)
}

// A Report gathers outcomes. Its methods may be called concurrently.
type Report struct {
	// Verbose, if not nil, receives a line for each outcome but a pass.
	Verbose io.Writer

	mu     sync.Mutex
	groups map[string]*Count
	known  map[string]int
}

func (r *Report) count(group string) *Count {
	if r.groups == nil {
		r.groups = map[string]*Count{}
		r.known = map[string]int{}
	}
	c := r.groups[group]
	if c == nil {
		c = &Count{}
		r.groups[group] = c
	}
	return c
}

// Pass reports a check that holds.
func (r *Report) Pass(group string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count(group).Passed++
}

// Fail reports a check that does not hold; the text says want and got.
func (r *Report) Fail(group, id, format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count(group).Failed++
	r.print("FAIL", group, id, fmt.Sprintf(format, args...))
}

// Differs reports a check in which the library parts from the vector on
// purpose, for the reason that Known lists under key. An unlisted key fails.
func (r *Report) Differs(group, id, key string) {
	reason, ok := Known[key]
	if !ok {
		r.Fail(group, id, "no known difference is listed under %q", key)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count(group).Known++
	r.known[key]++
	r.print("known", group, id, reason)
}

// NotBuilt reports a check of something the library does not have yet.
func (r *Report) NotBuilt(group, id, what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count(group).NotBuilt++
	r.print("notbuilt", group, id, what)
}

func (r *Report) print(outcome, group, id, text string) {
	if r.Verbose != nil {
		fmt.Fprintf(r.Verbose, "%s %s %s: %s\n", outcome, group, id, text)
	}
}

// Groups returns the names of the groups, sorted.
func (r *Report) Groups() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	names := make([]string, 0, len(r.groups))
	for name := range r.groups {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// Group returns the count of one group.
func (r *Report) Group(name string) Count {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c := r.groups[name]; c != nil {
		return *c
	}
	return Count{}
}

// Total returns the sum over all groups.
func (r *Report) Total() Count {
	r.mu.Lock()
	defer r.mu.Unlock()
	var t Count
	for _, c := range r.groups {
		t.Passed += c.Passed
		t.Known += c.Known
		t.Failed += c.Failed
		t.NotBuilt += c.NotBuilt
	}
	return t
}

// KnownUsed returns how often each known difference was met, by key.
func (r *Report) KnownUsed() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	used := make(map[string]int, len(r.known))
	for k, n := range r.known {
		used[k] = n
	}
	return used
}
