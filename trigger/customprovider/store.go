package customprovider

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
)

// ErrNotFound is what a Store returns, perhaps wrapped, for a key it does not have.
var ErrNotFound = errors.New("customprovider: no such resource")

// A Key is where a resource is stored: what one provider has is one partition.
type Key struct{ Partition, Row string }

// A Store keeps resources, each the JSON of an object. Its methods may be called
// concurrently. Any error but ErrNotFound is answered with its StatusCode() int,
// or 500.
type Store interface {
	// Get returns a resource.
	Get(ctx context.Context, key Key) ([]byte, error)

	// Put stores a resource in the place of the one that is there, if any.
	Put(ctx context.Context, key Key, resource []byte) error

	// Delete removes a resource.
	Delete(ctx context.Context, key Key) error

	// List returns the resources of a partition whose rows begin with prefix,
	// in the order of the rows.
	List(ctx context.Context, partition, prefix string) ([][]byte, error)
}

// Memory is a Store in memory. The zero Memory is empty and ready.
type Memory struct {
	mu        sync.RWMutex
	resources map[Key][]byte
}

// Get returns a resource.
func (m *Memory) Get(_ context.Context, key Key) ([]byte, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	resource, ok := m.resources[key]
	if !ok {
		return nil, ErrNotFound
	}
	return slices.Clone(resource), nil
}

// Put stores a resource.
func (m *Memory) Put(_ context.Context, key Key, resource []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.resources == nil {
		m.resources = map[Key][]byte{}
	}
	m.resources[key] = slices.Clone(resource)
	return nil
}

// Delete removes a resource.
func (m *Memory) Delete(_ context.Context, key Key) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.resources[key]; !ok {
		return ErrNotFound
	}
	delete(m.resources, key)
	return nil
}

// List returns the resources of a partition whose rows begin with prefix.
func (m *Memory) List(_ context.Context, partition, prefix string) ([][]byte, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var rows []string
	for key := range m.resources {
		if key.Partition == partition && strings.HasPrefix(key.Row, prefix) {
			rows = append(rows, key.Row)
		}
	}
	slices.Sort(rows)
	list := make([][]byte, len(rows))
	for i, row := range rows {
		list[i] = slices.Clone(m.resources[Key{partition, row}])
	}
	return list, nil
}
