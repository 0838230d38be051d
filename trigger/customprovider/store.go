package customprovider

import (
	"context"
	"errors"
	"iter"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// ErrNotFound is what a Store returns, perhaps wrapped, for a key it does not have.
var ErrNotFound = errors.New("customprovider: no such resource")

// A ChangedError says that a Condition does not hold.
type ChangedError struct{}

func (*ChangedError) Error() string { return "customprovider: the resource is another one by now" }

// StatusCode returns 412.
func (*ChangedError) StatusCode() int { return http.StatusPreconditionFailed }

// A Key is where a resource is stored: what one provider has is one partition.
type Key struct{ Partition, Row string }

// A Resource is what is stored.
type Resource struct {
	Row  string // of its Key
	JSON []byte // an object

	// ETag changes whenever the resource does. It is an entity tag with its
	// quotes, or "" from a Store that keeps none.
	ETag string
}

// A Condition says when to change a resource; the zero Condition is always.
type Condition struct {
	ETag   string // only while it has this one
	Absent bool   // only if there is none
}

// A Store keeps resources. Its methods may be called concurrently. An error that
// is neither ErrNotFound nor a *ChangedError is answered with its StatusCode()
// int, or 500.
type Store interface {
	// Get returns a resource.
	Get(ctx context.Context, key Key) (Resource, error)

	// Put stores a resource, in the place of the one that is there, and returns
	// its new ETag. The error is a *ChangedError if the condition does not hold.
	Put(ctx context.Context, key Key, text []byte, only Condition) (etag string, err error)

	// Delete removes a resource. The error is a *ChangedError if the condition
	// does not hold.
	Delete(ctx context.Context, key Key, only Condition) error

	// List goes through the resources of a partition whose rows begin with
	// prefix and come behind after, in the order of the rows. It ends with the
	// first error.
	List(ctx context.Context, partition, prefix, after string) iter.Seq2[Resource, error]
}

// Memory is a Store in memory. The zero Memory is empty and ready.
type Memory struct {
	mu        sync.RWMutex
	resources map[Key]Resource
	changes   int
}

// Get returns a resource.
func (m *Memory) Get(_ context.Context, key Key) (Resource, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	resource, ok := m.resources[key]
	if !ok {
		return Resource{}, ErrNotFound
	}
	resource.JSON = slices.Clone(resource.JSON)
	return resource, nil
}

// Put stores a resource.
func (m *Memory) Put(_ context.Context, key Key, text []byte, only Condition) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	old, found := m.resources[key]
	if only.Absent && found || only.ETag != "" && only.ETag != old.ETag {
		return "", &ChangedError{}
	}
	if m.resources == nil {
		m.resources = map[Key]Resource{}
	}
	m.changes++
	etag := strconv.Quote(strconv.Itoa(m.changes))
	m.resources[key] = Resource{key.Row, slices.Clone(text), etag}
	return etag, nil
}

// Delete removes a resource.
func (m *Memory) Delete(_ context.Context, key Key, only Condition) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	old, ok := m.resources[key]
	switch {
	case !ok:
		return ErrNotFound
	case only.Absent || only.ETag != "" && only.ETag != old.ETag:
		return &ChangedError{}
	}
	delete(m.resources, key)
	return nil
}

// List goes through the resources that are there when it begins.
func (m *Memory) List(_ context.Context, partition, prefix, after string) iter.Seq2[Resource, error] {
	return func(yield func(Resource, error) bool) {
		m.mu.RLock()
		all := maps.Clone(m.resources)
		m.mu.RUnlock()
		var rows []string
		for key := range all {
			if key.Partition == partition && strings.HasPrefix(key.Row, prefix) && key.Row > after {
				rows = append(rows, key.Row)
			}
		}
		slices.Sort(rows)
		for _, row := range rows {
			resource := all[Key{partition, row}]
			resource.JSON = slices.Clone(resource.JSON)
			if !yield(resource, nil) {
				return
			}
		}
	}
}
